{# Contracts: a model whose columns are declared and held to. #}

{% macro get_table_columns_and_constraints() -%}
  {{ return(adapter.dispatch('get_table_columns_and_constraints', 'dbt')()) }}
{%- endmacro %}

{% macro default__get_table_columns_and_constraints() -%}
  {{ return(table_columns_and_constraints()) }}
{%- endmacro %}

{# The parenthesised column list of `create table`. #}
{% macro table_columns_and_constraints() -%}
  {%- set columns = adapter.render_raw_columns_constraints(raw_columns=model['columns']) -%}
  {%- set constraints = adapter.render_raw_model_constraints(raw_constraints=model['constraints']) -%}
  ({{ (columns + constraints) | join(', ') }})
{%- endmacro %}

{% macro get_assert_columns_equivalent(sql) -%}
  {{ return(adapter.dispatch('get_assert_columns_equivalent', 'dbt')(sql)) }}
{%- endmacro %}

{% macro default__get_assert_columns_equivalent(sql) -%}
  {{ return(assert_columns_equivalent(sql)) }}
{%- endmacro %}

{# Compares what the query has with what the YAML declares, without regard to order; renders nothing. #}
{% macro assert_columns_equivalent(sql) %}
  {%- set found = format_columns(get_column_schema_from_query(sql, config.get('sql_header'))) -%}
  {%- set declared = [] -%}
  {%- if model['columns'] -%}
    {%- set declared = format_columns(get_column_schema_from_query(get_empty_schema_sql(model['columns']))) -%}
  {%- endif -%}
  {%- set differences = dbt_contract_differences(declared, found) -%}
  {%- if differences -%}
    {%- do exceptions.raise_compiler_error('This model has an enforced contract that failed.\n'
        ~ 'Its columns are not those that its properties declare:\n' ~ differences | join('\n')) -%}
  {%- endif -%}
{% endmacro %}

{# One line a column that is not the same on both sides. #}
{% macro dbt_contract_differences(declared, found) %}
  {% set lines = [] %}
  {% set declared_types = {} %}
  {% for column in declared %}{% do declared_types.update({column.name | lower: column.data_type}) %}{% endfor %}
  {% set found_names = found | map(attribute='name') | map('lower') | list %}
  {% for column in found %}
    {% set type = declared_types.get(column.name | lower) %}
    {% if type is none %}
      {% do lines.append('  ' ~ column.name ~ ' ' ~ column.data_type ~ ': missing in contract') %}
    {% elif type != column.data_type %}
      {% do lines.append('  ' ~ column.name ~ ' ' ~ column.data_type ~ ': data type mismatch, the contract says ' ~ type) %}
    {% endif %}
  {% endfor %}
  {% for column in declared if column.name | lower not in found_names %}
    {% do lines.append('  ' ~ column.name ~ ' ' ~ column.data_type ~ ': missing in definition') %}
  {% endfor %}
  {% do return(lines) %}
{% endmacro %}

{% macro format_columns(columns) %}
  {% set formatted = [] %}
  {% for column in columns %}
    {% do formatted.append(adapter.dispatch('format_column', 'dbt')(column)) %}
  {% endfor %}
  {% do return(formatted) %}
{% endmacro %}

{% macro default__format_column(column) -%}
  {% do return({'name': column.column, 'data_type': column.dtype, 'formatted': column.column ~ ' ' ~ column.dtype}) %}
{%- endmacro %}

{% macro get_select_subquery(sql) -%}
  {{ return(adapter.dispatch('get_select_subquery', 'dbt')(sql)) }}
{%- endmacro %}

{# The query with its columns put into the declared order. #}
{% macro default__get_select_subquery(sql) %}
  {%- set names = [] -%}
  {%- for column in model['columns'].values() -%}
    {%- do names.append(adapter.quote(column['name']) if column.get('quote') else column['name']) -%}
  {%- endfor -%}
  select {{ names | join(', ') }}
  from (
    {{ sql }}
  ) as model_subq
{%- endmacro %}
