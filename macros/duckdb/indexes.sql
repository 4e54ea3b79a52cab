{# DuckDB's indexes: `indexes: [{columns: [...], unique: true}]`. #}

{% macro duckdb__get_create_index_sql(relation, index_dict) -%}
  {%- set index = adapter.parse_index(index_dict) -%}
  create {{ 'unique ' if index.unique }}index "{{ index.render(relation) }}"
  on {{ relation }} ({{ index.columns | join(', ') }})
{%- endmacro %}

{% macro drop_indexes_on_relation(relation) %}
  {% set sql -%}
    select index_name
    from duckdb_indexes()
    where database_name = '{{ relation.database }}' and schema_name = '{{ relation.schema }}'
      and table_name = '{{ relation.identifier }}'
  {%- endset %}
  {% set found = run_query(sql) %}
  {% for row in found.rows if found %}
    {% call statement('drop_index_' ~ loop.index) -%}
      drop index {{ relation.include(identifier=false) }}.{{ adapter.quote(row[0]) }}
    {%- endcall %}
  {% endfor %}
{% endmacro %}
