{# The regions that deliver sales; each has a source table, an ingestion and a folder of this name. #}
{% macro regions() %}
  {{ return(['us_east', 'us_west', 'europe', 'apac']) }}
{% endmacro %}
