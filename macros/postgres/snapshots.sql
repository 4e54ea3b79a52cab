{# Snapshots: an update and an insert, and times without a zone. #}

{% macro postgres__snapshot_get_time() -%}{{ current_timestamp() }}::timestamp without time zone{%- endmacro %}

{% macro postgres__snapshot_string_as_time(timestamp) %}{% do return("'" ~ timestamp ~ "'::timestamp without time zone") %}{% endmacro %}

{% macro postgres__snapshot_merge_sql(target, source, insert_cols) -%}
    {%- set columns = dbt_snapshot_columns() -%}
    {%- set current = config.get('dbt_valid_to_current') -%}
    {%- set valid_to = target ~ '.' ~ columns.dbt_valid_to -%}
    {%- set values = [] -%}
    {%- for name in insert_cols -%}{%- do values.append('DBT_INTERNAL_SOURCE.' ~ name) -%}{%- endfor -%}
    update {{ target }}
    set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
    from {{ source }} as DBT_INTERNAL_SOURCE
    where DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }}::text = {{ target }}.{{ columns.dbt_scd_id }}::text
      and DBT_INTERNAL_SOURCE.dbt_change_type::text in ('update'::text, 'delete'::text)
      {{ '\n        and ' ~ ('(' ~ valid_to ~ ' = ' ~ current ~ ' or ' ~ valid_to ~ ' is null)' if current else valid_to ~ ' is null') }};
      {{ '\n\n' }}
    insert into {{ target }} ({{ insert_cols | join(', ') }})
    select {{ values | join(',') }}
    from {{ source }} as DBT_INTERNAL_SOURCE
    where DBT_INTERNAL_SOURCE.dbt_change_type::text = 'insert'::text;
{% endmacro %}
