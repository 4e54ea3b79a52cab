{# How a seed's table is made and filled. `agate_table` is the file, parsed and typed. #}

{% macro create_csv_table(model, agate_table) -%}
  {{ adapter.dispatch('create_csv_table', 'dbt')(model, agate_table) }}
{%- endmacro %}

{% macro default__create_csv_table(model, agate_table) %}
  {%- set overrides = model['config'].get('column_types') or {} -%}
  {%- set quote_config = model['config'].get('quote_columns') -%}
  {%- set columns = [] -%}
  {%- for name in agate_table.column_names -%}
    {%- set type = overrides.get(name, adapter.convert_type(agate_table, loop.index0)) -%}
    {%- do columns.append(adapter.quote_seed_column(name | string, quote_config) ~ ' ' ~ type) -%}
  {%- endfor -%}
  {%- set sql = '\n    create table ' ~ this.render() ~ ' (' ~ columns | join(',') ~ ')\n  ' -%}
  {%- call statement('_') -%}{{ sql }}{%- endcall -%}
  {%- do return(sql) -%}
{% endmacro %}

{% macro reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
  {{ adapter.dispatch('reset_csv_table', 'dbt')(model, full_refresh, old_relation, agate_table) }}
{%- endmacro %}

{% macro default__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
  {%- if full_refresh -%}
    {%- do adapter.drop_relation(old_relation) -%}
    {%- do return(create_csv_table(model, agate_table)) -%}
  {%- endif -%}
  {%- do adapter.truncate_relation(old_relation) -%}
  {%- do return('truncate table ' ~ old_relation.render()) -%}
{% endmacro %}

{% macro get_seed_column_quoted_csv(model, column_names) %}
  {%- set quote_config = model['config'].get('quote_columns') -%}
  {%- set quoted = [] -%}
  {%- for name in column_names -%}{%- do quoted.append(adapter.quote_seed_column(name, quote_config)) -%}{%- endfor -%}
  {% do return(quoted | join(', ')) %}
{% endmacro %}

{% macro get_csv_sql(create_or_truncate_sql, insert_sql) %}
    {{ adapter.dispatch('get_csv_sql', 'dbt')(create_or_truncate_sql, insert_sql) }}
{% endmacro %}

{% macro default__get_csv_sql(create_or_truncate_sql, insert_sql) %}
    {{ create_or_truncate_sql }};
    -- dbt seed --
    {{ insert_sql }}
{% endmacro %}

{% macro get_binding_char() -%}
  {{ return(adapter.dispatch('get_binding_char', 'dbt')()) }}
{%- endmacro %}

{% macro default__get_binding_char() %}{% do return('%s') %}{% endmacro %}

{% macro get_batch_size() -%}
  {{ return(adapter.dispatch('get_batch_size', 'dbt')()) }}
{%- endmacro %}

{% macro default__get_batch_size() %}{% do return(10000) %}{% endmacro %}

{% macro load_csv_rows(model, agate_table) -%}
  {{ adapter.dispatch('load_csv_rows', 'dbt')(model, agate_table) }}
{%- endmacro %}

{# Inserts in batches, values bound. Returns the first statement, for the log. #}
{% macro default__load_csv_rows(model, agate_table) %}
  {% set size = get_batch_size() %}
  {% set columns = get_seed_column_quoted_csv(model, agate_table.column_names) %}
  {% set row_sql = '(' ~ ([get_binding_char()] * agate_table.column_names | length) | join(',') ~ ')' %}
  {% set statements = [] %}
  {% for batch in agate_table.rows | batch(size) %}
    {% set bindings = [] %}
    {% for row in batch %}{% do bindings.extend(row) %}{% endfor %}
    {% set sql = '\n          insert into ' ~ this.render() ~ ' (' ~ columns ~ ') values\n          ' ~ ([row_sql] * batch | length) | join(',') ~ '\n      ' %}
    {% do adapter.add_query(sql, bindings=bindings, abridge_sql_log=True) %}
    {% if loop.first %}{% do statements.append(sql) %}{% endif %}
  {% endfor %}
  {% do return(statements[0] if statements else '') %}
{% endmacro %}
