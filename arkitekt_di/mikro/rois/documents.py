"""GraphQL of regions of interest: one operation a document, selecting what we use and no more."""

_ROI = """
fragment Roi on Annotation {
  id name description kind vectors dims coordinates { name value } strokeColor fillColor tags dataset mask
  creator { sub preferredUsername } createdAt updatedAt
}
"""

DRAW_ROIS = f"""
mutation DrawRois($input: CreateAnnotationsInput!) {{
  rois: createAnnotations(input: $input) {{ ...Roi }}
}}
{_ROI}"""

READ_ROI = f"""
query ReadRoi($id: ID!) {{
  roi: annotation(id: $id) {{ ...Roi }}
}}
{_ROI}"""

FIND_ROIS = f"""
query FindRois($filters: AnnotationFilter, $pagination: OffsetPaginationInput) {{
  rois: annotations(filters: $filters, pagination: $pagination) {{ ...Roi }}
}}
{_ROI}"""

EDIT_ROI = f"""
mutation EditRoi($input: UpdateAnnotationInput!) {{
  roi: updateAnnotation(input: $input) {{ ...Roi }}
}}
{_ROI}"""

DELETE_ROI = """
mutation DeleteRoi($input: DeleteAnnotationInput!) {
  id: deleteAnnotation(input: $input)
}
"""

WATCH_ROIS = f"""
subscription WatchRois($image: ID, $after: String) {{
  event: annotations(dataset: $image, after: $after) {{
    cursor
    create {{ ...Roi }}
    update {{ ...Roi }}
    delete
  }}
}}
{_ROI}"""
