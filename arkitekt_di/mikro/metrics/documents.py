"""GraphQL of metrics: one operation a document, selecting what we use and no more."""

_METRIC = "{ id key magnitude code unit target { object } supersedes { id } createdAt }"

CREATE_METRIC = f"""
mutation CreateMetric($input: MetricInput!) {{
  record: createMetric(input: $input) {_METRIC}
}}
"""

FIND_METRICS = f"""
query FindMetrics($filters: MetricFilter, $pagination: OffsetPaginationInput) {{
  records: metrics(filters: $filters, pagination: $pagination) {_METRIC}
}}
"""

DELETE_METRIC = """
mutation DeleteMetric($input: DeleteMetricInput!) {
  id: deleteMetric(input: $input)
}
"""
