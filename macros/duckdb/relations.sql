{# Schemas, tables and views as DuckDB has them. #}

{# Attached databases of other engines have schemas or not. #}
{% macro duckdb__create_schema(relation) -%}
  {%- set other = run_query("select type from duckdb_databases() where lower(database_name) = '" ~ relation.database | lower ~ "' and type != 'duckdb'") -%}
  {%- set type = other[0][0] if other | length > 0 else 'duckdb' -%}
  {%- if type == 'sqlite' and relation.schema != 'main' -%}
    {%- do exceptions.raise_compiler_error("Schema must be 'main' when writing to sqlite instead got " ~ relation.schema) -%}
  {%- endif -%}
  {%- call statement('create_schema') -%}
    {% if type not in ['sqlite', 'mysql'] %}create schema if not exists {{ relation.without_identifier() }}{% endif %}
  {%- endcall -%}
{%- endmacro %}

{% macro duckdb__drop_schema(relation) -%}
  {%- call statement('drop_schema') -%}
    drop schema if exists {{ relation.without_identifier() }} cascade
  {%- endcall -%}
{%- endmacro %}

{% macro duckdb__list_schemas(database) -%}
  {% set sql -%}
    select schema_name
    from system.information_schema.schemata
    {%- if database is not none %}
    where lower(catalog_name) = '{{ database | lower | replace('"', '') }}'
    {%- endif %}
  {%- endset %}
  {{ return(run_query(sql)) }}
{%- endmacro %}

{% macro duckdb__check_schema_exists(information_schema, schema) -%}
  {% set sql -%}
    select count(*)
    from system.information_schema.schemata
    where lower(schema_name) = '{{ schema | lower }}'
      and lower(catalog_name) = '{{ information_schema.database | lower }}'
  {%- endset %}
  {{ return(run_query(sql)) }}
{%- endmacro %}

{% macro duckdb__list_relations_without_caching(schema_relation) -%}
  {% call statement('list_relations_without_caching', fetch_result=true) -%}
    select
      '{{ schema_relation.database }}' as database,
      table_name as name,
      table_schema as schema,
      case table_type when 'VIEW' then 'view' else 'table' end as type
    from system.information_schema.tables
    where lower(table_schema) = '{{ schema_relation.schema | lower }}'
      and lower(table_catalog) = '{{ schema_relation.database | lower }}'
  {%- endcall %}
  {{ return(load_result('list_relations_without_caching').table) }}
{%- endmacro %}

{% macro create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
  {{ return(adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code, language)) }}
{%- endmacro %}

{# DuckDB checks no constraints of temporary tables, so these come from the query as it is; and they live as long as the connection,
   so one of an earlier batch may still be there. #}
{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
  {%- if language != 'sql' -%}
    {%- do exceptions.raise_compiler_error('create_table_as: language `' ~ language ~ '` is not supported') -%}
  {%- endif -%}
  {%- set enforced = config.get('contract').enforced -%}
  {%- if enforced -%}{%- do get_assert_columns_equivalent(compiled_code) -%}{%- endif -%}
  {{ '\n    ' ~ ('\n      \n    ' if enforced) }}
    {{- config.get('sql_header') or '' }}

    create {{ 'or replace temporary' if temporary }} table
      {{ relation.include(database=(not temporary), schema=(not temporary)) }}
  {% if enforced and not temporary %}
    {{- get_table_columns_and_constraints() }} ;
    
    
    insert into {{ relation }} {{ get_column_names() }} (
      {{ get_select_subquery(compiled_code) }}
    );
  {% else %}
    {{- '\n    ' }}
    as (
      {{ compiled_code }}
    );
    {{ '\n  ' }}
  {%- endif -%}
{%- endmacro %}

{# The declared columns, in order, as the list of an insert. #}
{% macro get_column_names() -%}
  {%- set break = '\n      ' -%}
  {{ '\n  (\n    ' }}
  {%- for name in dbt_declared_names() -%}
    {{ break ~ break ~ break ~ name ~ ' ' ~ (',' if not loop.last) ~ '\n    ' }}
  {%- endfor -%}
  {{ '\n  )\n' }}
{%- endmacro %}

{% macro duckdb__create_view_as(relation, sql) -%}
  {%- set enforced = config.get('contract').enforced -%}
  {%- if enforced -%}{%- do get_assert_columns_equivalent(sql) -%}{%- endif -%}
  {{ '\n  ' ~ ('\n    ' if enforced) ~ (config.get('sql_header') or '') }}
  create view {{ relation }} as (
    {{ sql }}
  );
{% endmacro %}

{% macro duckdb__drop_relation(relation) -%}
  {%- call statement('drop_relation', auto_begin=false) -%}
    drop {{ relation.type }} if exists {{ relation }} cascade
  {%- endcall -%}
{%- endmacro %}

{% macro duckdb__rename_relation(from_relation, to_relation) -%}
  {%- call statement('rename_relation') -%}
    alter {{ to_relation.type }} {{ from_relation }} rename to {{ adapter.quote_as_configured(to_relation.identifier, 'identifier') }}
  {%- endcall -%}
{%- endmacro %}

{# Temporary tables live outside the schemas: the name is made unique and stands alone. #}
{% macro duckdb__make_temp_relation(base_relation, suffix) %}
  {%- set identifier = base_relation.identifier ~ suffix ~ py_current_timestring() -%}
  {% do return(base_relation.incorporate(path={'identifier': identifier, 'schema': none, 'database': none})) %}
{% endmacro %}
