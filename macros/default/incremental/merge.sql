{# The statements behind the strategies. #}

{% macro get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns) %}
  {{ return(adapter.dispatch('get_merge_update_columns', 'dbt')(merge_update_columns, merge_exclude_columns, dest_columns)) }}
{% endmacro %}

{# The quoted columns that an update sets: those named, or all but those excluded, or all. #}
{% macro default__get_merge_update_columns(merge_update_columns, merge_exclude_columns, dest_columns) %}
  {% if merge_update_columns and merge_exclude_columns %}
    {% do exceptions.raise_compiler_error('Model cannot specify merge_update_columns and merge_exclude_columns. Please update model to use only one config') %}
  {% endif %}
  {% if merge_update_columns %}{% do return(merge_update_columns) %}{% endif %}
  {% set excluded = (merge_exclude_columns or []) | map('lower') | list %}
  {% set kept = [] %}
  {% for column in dest_columns if column.column | lower not in excluded %}{% do kept.append(column.quoted) %}{% endfor %}
  {% do return(kept) %}
{% endmacro %}

{% macro get_merge_unique_key_match(source_unique_key, target_unique_key) %}
  {{ return(adapter.dispatch('get_merge_unique_key_match', 'dbt')(source_unique_key, target_unique_key)) }}
{% endmacro %}

{% macro default__get_merge_unique_key_match(source_unique_key, target_unique_key) %}
  {% do return(equals(source_unique_key, target_unique_key) | trim) %}
{% endmacro %}

{% macro get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
  {{ '-- back compat for old kwarg name\n  \n  ' ~ adapter.dispatch('get_merge_sql', 'dbt')(target, source, unique_key, dest_columns,
      kwargs.get('predicates', incremental_predicates)) }}
{%- endmacro %}

{# Without a key nothing matches. Here and below, blank lines and comments are those that dbt writes to target/run. #}
{% macro default__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
  {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
  {%- set many = unique_key is sequence and unique_key is not mapping and unique_key is not string -%}
  {%- set line = '\n            ' -%}
  {%- set conditions = [] + (incremental_predicates or []) -%}
  {%- for key in (unique_key if unique_key and many else []) -%}
    {%- do conditions.append('\n                    DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key ~ '\n                ') -%}
  {%- endfor -%}
  {%- if unique_key and not many -%}
    {%- do conditions.append(get_merge_unique_key_match('DBT_INTERNAL_SOURCE.' ~ unique_key, 'DBT_INTERNAL_DEST.' ~ unique_key)) -%}
  {%- elif not unique_key -%}
    {%- do conditions.append('FALSE') -%}
  {%- endif -%}
  {%- set updates = [] -%}
  {%- for column in get_merge_update_columns(config.get('merge_update_columns'), config.get('merge_exclude_columns'), dest_columns) -%}
    {%- do updates.append(column ~ ' = DBT_INTERNAL_SOURCE.' ~ column) -%}
  {%- endfor -%}
  {%- set blank = ((line ~ '    ') * 2 ~ line) * unique_key | length ~ '\n        ' if many else line * 4 ~ '\n        ' -%}
  {{ '\n        ' ~ ((line ~ blank if many else blank) if unique_key) ~ '\n    ' }}

    {{ config.get('sql_header') or '' }}

    merge into {{ target }} as DBT_INTERNAL_DEST
        using {{ source }} as DBT_INTERNAL_SOURCE
        on ({{ conditions | join(') and (') }})

    {{ '\n    when matched then update set\n        ' ~ updates | join(',') ~ '\n    ' if unique_key }}

    when not matched then insert
        ({{ columns }})
    values
        ({{ columns }})

{% endmacro %}

{% macro get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
  {{ adapter.dispatch('get_delete_insert_merge_sql', 'dbt')(target, source, unique_key, dest_columns, incremental_predicates) }}
{%- endmacro %}

{% macro default__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
  {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
  {%- set keys = ([unique_key] if unique_key is string else unique_key) | join(', ') -%}
  {%- if unique_key -%}
        {{ '\n        ' * (3 if unique_key is string else 1) }}delete from {{ target }} as DBT_INTERNAL_DEST
        where ({{ keys }}) in (
            select distinct {{ keys }}
            from {{ source }} as DBT_INTERNAL_SOURCE
        )
        {%- if incremental_predicates %}
            {% for predicate in incremental_predicates %}
                and {{ predicate }}
            {% endfor %}
        {%- endif -%};
  {%- endif -%}
  {{ '\n\n    ' if unique_key }}

    insert into {{ target }} ({{ columns }})
    (
        select {{ columns }}
        from {{ source }}
    )

{%- endmacro %}

{% macro get_insert_overwrite_merge_sql(target, source, dest_columns, predicates, include_sql_header=false) -%}
  {{ return(adapter.dispatch('get_insert_overwrite_merge_sql', 'dbt')(target, source, dest_columns, predicates, include_sql_header)) }}
{%- endmacro %}

{% macro default__get_insert_overwrite_merge_sql(target, source, dest_columns, predicates, include_sql_header) -%}
  {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
  {%- set header = config.get('sql_header') -%}
  {{ header if header is not none and include_sql_header }}
  merge into {{ target }} as DBT_INTERNAL_DEST
  using {{ source }} as DBT_INTERNAL_SOURCE
  on FALSE
  when not matched by source {%- for predicate in predicates or [] %} and {{ predicate }}{% endfor %} then delete
  when not matched then insert ({{ columns }})
  values ({{ columns }})
{%- endmacro %}
