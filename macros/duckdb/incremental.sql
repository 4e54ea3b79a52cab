{# The incremental strategies of DuckDB: append, delete+insert (the default), microbatch; merge is in merge.sql. Each gives the
   statement as dbt writes it: target/run/ is the same to the byte. #}

{% macro duckdb__get_incremental_default_sql(arg_dict) %}{% do return(get_incremental_delete_insert_sql(arg_dict)) %}{% endmacro %}

{# One key: by a subquery. A list of keys: by a join, where the columns need no common type. #}
{% macro duckdb__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
  {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
  {%- set many = unique_key is sequence and unique_key is not string -%}
  {%- if unique_key -%}{{ (duckdb_delete_by_keys if many else duckdb_delete_by_key)(target, source, unique_key, incremental_predicates) }}{%- endif %}

    insert into {{ target }} ({{ columns }})
    (
        select {{ columns }}
        from {{ source }}
    )
{%- endmacro %}

{% macro duckdb_delete_by_key(target, source, key, predicates) -%}
  {{ '\n        ' }}
            delete from {{ target }}
            where (
                {{ key }}) in (
                select ({{ key }})
                from {{ source }}
            )
  {%- if predicates -%}
    {%- set before = '\n                    ' -%}
    {{ '\n                ' ~ before ~ 'and ' ~ predicates | join('\n                ' ~ before ~ 'and ') ~ '\n                ' }}
  {%- endif -%};

        {{ '\n    ' }}
{%- endmacro %}

{% macro duckdb_delete_by_keys(target, source, keys, predicates) -%}
  {{ '\n        ' }}
            delete from {{ target }} as DBT_INCREMENTAL_TARGET
            using {{ source }}
            where (
                {% for key in keys %}
                    {{ source }}.{{ key }} = DBT_INCREMENTAL_TARGET.{{ key }}
                    {{ 'and ' if not loop.last }}
                {% endfor %}
                {% if predicates %}
                    {% for predicate in predicates %}
                        and {{ predicate }}
                    {% endfor %}
                {% endif %}
            );
        {{ '\n    ' }}
{%- endmacro %}

{# A batch replaces what the table holds of its time. #}
{% macro duckdb__get_incremental_microbatch_sql(arg_dict) -%}
  {%- set event_time = config.get('event_time') -%}
  {%- if not event_time -%}
    {%- do exceptions.raise_compiler_error("microbatch incremental strategy requires an 'event_time' model config") -%}
  {%- endif -%}
  {%- if config.get('unique_key') -%}
    {%- do exceptions.raise_compiler_error("microbatch incremental strategy does not support 'unique_key'. Microbatch runs delete+insert per batch based on 'event_time' and does not do key-based upserts. Remove 'unique_key' or use incremental_strategy='merge'.") -%}
  {%- endif -%}
  {%- set batch = model.get('batch') or {} -%}
  {%- if not (batch.get('event_time_start') and batch.get('event_time_end')) -%}
    {%- do exceptions.raise_compiler_error("microbatch incremental strategy requires 'batch.event_time_start' and 'batch.event_time_end' to be set in the context") -%}
  {%- endif -%}
  {%- set target = arg_dict['target_relation'] -%}
  {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
  {%- set in_batch = event_time ~ " >= '" ~ batch['event_time_start'] ~ "'\n        and " ~ event_time ~ " < '" ~ batch['event_time_end'] ~ "'" -%}
  {%- set conditions = [in_batch] -%}
  {%- for predicate in normalize_incremental_predicates(arg_dict.get('incremental_predicates')) -%}
    {%- do conditions.append('(' ~ predicate ~ ')') -%}
  {%- endfor -%}
  delete from {{ target }}
        where {{ conditions | join('\n        and ') }};

        insert into {{ target }} ({{ columns }})
        select {{ columns }}
        from {{ arg_dict['temp_relation'] }}
        where {{ in_batch }};
{%- endmacro %}

{# A text or a list of texts, as a list. #}
{% macro normalize_string_or_list(raw, field_name) %}
  {%- if raw is none -%}{%- do return([]) -%}{%- endif -%}
  {%- if raw is string -%}{%- do return([raw]) -%}{%- endif -%}
  {%- if raw is mapping or raw is not sequence -%}
    {%- do exceptions.raise_compiler_error(field_name ~ ' must be a list of strings or a string') -%}
  {%- endif -%}
  {%- if raw | reject('string') | list -%}
    {%- do exceptions.raise_compiler_error(field_name ~ ' list values must be non-empty strings') -%}
  {%- endif -%}
  {%- do return(raw | list) -%}
{% endmacro %}

{% macro normalize_incremental_predicates(incremental_predicates) %}
  {% do return(normalize_string_or_list(incremental_predicates, 'incremental_predicates')) %}
{% endmacro %}
