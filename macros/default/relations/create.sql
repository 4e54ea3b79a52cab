{# Creating tables and views from a query. The get_ macros return SQL; none of these sends it. #}

{% macro get_create_sql(relation, sql) -%}
  {{ return(adapter.dispatch('get_create_sql', 'dbt')(relation, sql)) }}
{%- endmacro %}

{% macro default__get_create_sql(relation, sql) -%}
  {%- if relation.is_view -%}{{ get_create_view_as_sql(relation, sql) }}
  {%- elif relation.is_table -%}{{ get_create_table_as_sql(false, relation, sql) }}
  {%- elif relation.is_materialized_view -%}{{ get_create_materialized_view_as_sql(relation, sql) }}
  {%- else -%}{{ exceptions.raise_compiler_error('`get_create_sql` has not been implemented for: ' ~ relation.type) }}
  {%- endif -%}
{%- endmacro %}

{% macro get_create_intermediate_sql(relation, sql) -%}
  {{ return(adapter.dispatch('get_create_intermediate_sql', 'dbt')(relation, sql)) }}
{%- endmacro %}

{% macro default__get_create_intermediate_sql(relation, sql) -%}
  {%- set intermediate = make_intermediate_relation(relation) -%}
  {{ '-- get the standard intermediate name\n    \n\n    -- drop any pre-existing intermediate\n    ' ~ get_drop_sql(intermediate)
     ~ ';\n\n    ' ~ get_create_sql(intermediate, sql) }}
{%- endmacro %}

{% macro get_create_table_as_sql(temporary, relation, sql) -%}
  {{ return(adapter.dispatch('get_create_table_as_sql', 'dbt')(temporary, relation, sql)) }}
{%- endmacro %}

{% macro default__get_create_table_as_sql(temporary, relation, sql) -%}
  {{ return(create_table_as(temporary, relation, sql)) }}
{%- endmacro %}

{% macro create_table_as(temporary, relation, compiled_code, language='sql') -%}
  {%- if language != 'sql' -%}
    {%- do exceptions.raise_compiler_error('create_table_as: language `' ~ language ~ '` is not supported') -%}
  {%- endif -%}
  {{ '\n  \n    ' ~ adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code) ~ '\n  ' }}
{%- endmacro %}

{% macro default__create_table_as(temporary, relation, sql) -%}
  {%- set enforced = config.get('contract').enforced and not temporary -%}
  {%- if enforced -%}{%- do get_assert_columns_equivalent(sql) -%}{%- endif -%}
  {{ config.get('sql_header') or '' }}

  create {{ 'temporary' if temporary }} table
    {{ relation.include(database=(not temporary), schema=(not temporary)) }}
  {{ '\n  ' ~ ('\n    \n    ' ~ get_table_columns_and_constraints() ~ '\n  ' if enforced) }}
  as (
    {{ get_select_subquery(sql) if enforced else sql }}
  );
{%- endmacro %}

{% macro get_create_view_as_sql(relation, sql) -%}
  {{ return(adapter.dispatch('get_create_view_as_sql', 'dbt')(relation, sql)) }}
{%- endmacro %}

{% macro default__get_create_view_as_sql(relation, sql) -%}
  {{ return(create_view_as(relation, sql)) }}
{%- endmacro %}

{% macro create_view_as(relation, sql) -%}
  {{ return(adapter.dispatch('create_view_as', 'dbt')(relation, sql)) }}
{%- endmacro %}

{% macro default__create_view_as(relation, sql) -%}
  {%- set enforced = config.get('contract').enforced -%}
  {%- if enforced -%}{%- do get_assert_columns_equivalent(sql) -%}{%- endif -%}
  {{ config.get('sql_header') or '' }}
  create view {{ relation }}
    {{ '\n    ' ~ ('\n      ' if enforced) }}
  as (
    {{ sql }}
  );
{%- endmacro %}

{# For engines whose views are replaced in place. #}
{% macro create_or_replace_view() %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='view') -%}
  {% do run_hooks(pre_hooks) %}
  {%- if existing is not none and not existing.is_view -%}
    {% do handle_existing_table(should_full_refresh(), existing) %}
  {%- endif -%}
  {% call statement('main') -%}{{ get_create_view_as_sql(target_relation, sql) }}{%- endcall %}
  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=true)) %}
  {% do run_hooks(post_hooks) %}
  {% do return({'relations': [target_relation]}) %}
{% endmacro %}

{% macro handle_existing_table(full_refresh, old_relation) %}
  {% do adapter.dispatch('handle_existing_table', 'dbt')(full_refresh, old_relation) %}
{% endmacro %}

{% macro default__handle_existing_table(full_refresh, old_relation) %}
  {% do log('Dropping relation ' ~ old_relation ~ ' because it is of type ' ~ old_relation.type) %}
  {% do adapter.drop_relation(old_relation) %}
{% endmacro %}
