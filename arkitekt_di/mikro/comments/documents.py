"""GraphQL of comments: one operation a document, selecting what we use and no more."""

_SAID = """
fragment Said on Comment {
  id subject { kind id } text replyTo author { sub preferredUsername } createdAt editedAt
}
"""

CREATE_COMMENT = f"""
mutation CreateComment($input: CreateCommentInput!) {{
  comment: createComment(input: $input) {{ ...Said }}
}}
{_SAID}"""

FIND_COMMENTS = f"""
query FindComments($subject: SubjectInput!, $pagination: OffsetPaginationInput) {{
  comments(subject: $subject, pagination: $pagination) {{ ...Said }}
}}
{_SAID}"""

EDIT_COMMENT = f"""
mutation EditComment($input: UpdateCommentInput!) {{
  comment: updateComment(input: $input) {{ ...Said }}
}}
{_SAID}"""

DELETE_COMMENT = """
mutation DeleteComment($input: DeleteCommentInput!) {
  id: deleteComment(input: $input)
}
"""

WATCH_COMMENTS = f"""
subscription WatchComments($subject: SubjectInput!, $after: String) {{
  event: comments(subject: $subject, after: $after) {{
    cursor
    create {{ ...Said }}
    update {{ ...Said }}
    delete
  }}
}}
{_SAID}"""
