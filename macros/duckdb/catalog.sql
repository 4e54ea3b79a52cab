{# The catalog of a database: tables and views with their columns and comments. #}

{% macro duckdb__get_catalog_relations(information_schema, relations) -%}
  {%- set wanted -%}
    {%- for relation in relations %}
      {{- " or " if not loop.first }}(lower(c.schema_name) = lower('{{ relation.schema }}')
      {%- if relation.identifier %} and lower(c.table_name) = lower('{{ relation.identifier }}'){% endif %})
    {%- endfor -%}
  {%- endset -%}
  {{ return(duckdb_catalog(information_schema, wanted)) }}
{%- endmacro %}

{% macro duckdb__get_catalog(information_schema, schemas) -%}
  {%- set wanted -%}
    {%- for schema in schemas %}
      {{- " or " if not loop.first }}lower(c.schema_name) = lower('{{ schema }}')
    {%- endfor -%}
  {%- endset -%}
  {{ return(duckdb_catalog(information_schema, wanted)) }}
{%- endmacro %}

{% macro duckdb_catalog(information_schema, wanted) -%}
  {%- set query -%}
    with relations as (
      select database_name, schema_name, table_name, 'BASE TABLE' as type, comment from duckdb_tables()
      union all
      select database_name, schema_name, view_name, 'VIEW', comment from duckdb_views()
    )
    select
      c.database_name as table_database,
      c.schema_name as table_schema,
      c.table_name as table_name,
      r.type as table_type,
      r.comment as table_comment,
      c.column_name,
      c.column_index,
      c.data_type as column_type,
      c.comment as column_comment,
      null as table_owner
    from duckdb_columns() as c
    join relations as r using (database_name, schema_name, table_name)
    where lower(c.database_name) = lower('{{ information_schema.database }}') and ({{ wanted or 'false' }})
    order by c.schema_name, c.table_name, c.column_index
  {%- endset -%}
  {{ return(run_query(query)) }}
{%- endmacro %}
