{# The queries of a snapshot. The first run makes the table; later runs gather in a staging table what is to be closed (`update`,
   `delete`) and what is to be added (`insert`), and merge that. #}

{% macro get_snapshot_table_column_names() %}
  {% do return({'dbt_valid_to': 'dbt_valid_to', 'dbt_valid_from': 'dbt_valid_from', 'dbt_scd_id': 'dbt_scd_id',
                'dbt_updated_at': 'dbt_updated_at', 'dbt_is_deleted': 'dbt_is_deleted'}) %}
{% endmacro %}

{# The names of the added columns, as the snapshot wants them. #}
{% macro dbt_snapshot_columns() %}
  {% do return(config.get('snapshot_table_column_names') or get_snapshot_table_column_names()) %}
{% endmacro %}

{% macro build_snapshot_table(strategy, sql) -%}
  {{ adapter.dispatch('build_snapshot_table', 'dbt')(strategy, sql) }}
{% endmacro %}

{% macro default__build_snapshot_table(strategy, sql) %}
    {%- set columns = dbt_snapshot_columns() %}
    {{ '\n' }}
    select *,
        {{ strategy.scd_id }} as {{ columns.dbt_scd_id }},
        {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
        {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
        {{ get_dbt_valid_to_current(strategy, columns) }}
        {{- ", 'False' as " ~ columns.dbt_is_deleted ~ '\n      ' if strategy.hard_deletes == 'new_record' }}from (
        {{ sql }}
    ) sbq

{% endmacro %}

{# The end of a version that is still valid. #}
{% macro get_dbt_valid_to_current(strategy, columns) -%}
  {{ '\n  ' }}
  coalesce(nullif({{ strategy.updated_at }}, {{ strategy.updated_at }}), {{ config.get('dbt_valid_to_current') or 'null' }})
  as {{ columns.dbt_valid_to }}
{% endmacro %}

{% macro unique_key_fields(unique_key) -%}
  {%- if unique_key is not string and unique_key is sequence -%}
    {%- for key in unique_key -%}{{ key }} as dbt_unique_key_{{ loop.index }}{{ ', ' if not loop.last }}{%- endfor -%}
  {%- else -%}
    {{ unique_key }} as dbt_unique_key
  {%- endif -%}
{%- endmacro %}

{% macro unique_key_join_on(unique_key, identifier, from_identifier) -%}
  {%- if unique_key is not string and unique_key is sequence -%}
    {%- for key in unique_key -%}
      {%- set name = '.dbt_unique_key_' ~ loop.index -%}
      {{ equals(identifier ~ name, from_identifier ~ name) | trim }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
  {%- else -%}
    {{ identifier }}.dbt_unique_key = {{ from_identifier }}.dbt_unique_key
  {%- endif -%}
{%- endmacro %}

{% macro dbt_first_unique_key(unique_key) %}
  {% do return('dbt_unique_key_1' if unique_key is not string and unique_key is sequence else 'dbt_unique_key') %}
{% endmacro %}

{% macro unique_key_is_null(unique_key, identifier) -%}{{ identifier }}.{{ dbt_first_unique_key(unique_key) }} is null{%- endmacro %}

{% macro unique_key_is_not_null(unique_key, identifier) -%}{{ identifier }}.{{ dbt_first_unique_key(unique_key) }} is not null{%- endmacro %}

{% macro snapshot_staging_table(strategy, source_sql, target_relation) -%}
  {{ adapter.dispatch('snapshot_staging_table', 'dbt')(strategy, source_sql, target_relation) }}
{% endmacro %}

{% macro default__snapshot_staging_table(strategy, source_sql, target_relation) -%}
  {%- set columns = dbt_snapshot_columns() -%}
  {%- set keys = unique_key_fields(strategy.unique_key) -%}
  {%- set joined = unique_key_join_on(strategy.unique_key, 'snapshotted_data', 'source_data') -%}
  {%- set records = strategy.hard_deletes == 'new_record' -%}
  {%- set deleted = 'snapshotted_data.' ~ columns.dbt_is_deleted ~ " = 'True'" -%}
  {%- set changed = strategy.row_changed ~ (' or ' ~ deleted if records) -%}
  {%- set source = 'select *, ' ~ keys ~ ', ' ~ strategy.updated_at ~ ' as ' ~ columns.dbt_updated_at
      ~ ', ' ~ strategy.updated_at ~ ' as ' ~ columns.dbt_valid_from -%}
with snapshot_query as (
{{ source_sql }}
),
snapshotted_data as (
  select *, {{ keys }}
  from {{ target_relation }}
  where {{ dbt_snapshot_is_current(columns) }}
),
insertions_source_data as (
  {{ source }}, {{ get_dbt_valid_to_current(strategy, columns) }}, {{ strategy.scd_id }} as {{ columns.dbt_scd_id }}
  from snapshot_query
),
updates_source_data as (
  {{ source }}, {{ strategy.updated_at }} as {{ columns.dbt_valid_to }}
  from snapshot_query
),
insertions as (
  select 'insert' as dbt_change_type, source_data.*{{ ", 'False' as " ~ columns.dbt_is_deleted if records }}
  from insertions_source_data as source_data
  left join snapshotted_data on {{ joined }}
  where {{ unique_key_is_null(strategy.unique_key, 'snapshotted_data') }} or {{ changed }}
),
updates as (
  select 'update' as dbt_change_type, source_data.*, snapshotted_data.{{ columns.dbt_scd_id }}
    {{- ', snapshotted_data.' ~ columns.dbt_is_deleted if records }}
  from updates_source_data as source_data
  join snapshotted_data on {{ joined }}
  where {{ changed }}
)
{%- if strategy.hard_deletes != 'ignore' %},
deletes_source_data as (select *, {{ keys }} from snapshot_query),
{{ dbt_snapshot_deletes(strategy, source_sql, target_relation, columns, joined) }}
{%- endif %}
select * from insertions
union all select * from updates
{%- if strategy.hard_deletes != 'ignore' %} union all select * from deletes{% endif %}
{%- if records %} union all select * from deletion_records{% endif %}
{%- endmacro %}

{# Whether a row of the table is the last version of its key. #}
{% macro dbt_snapshot_is_current(columns) -%}
  {%- set current = config.get('dbt_valid_to_current') -%}
  {%- set is_null = columns.dbt_valid_to ~ ' is null' -%}
  {{ '(' ~ equals(columns.dbt_valid_to | trim, current | trim) ~ ' or ' ~ is_null ~ ')' if current else is_null }}
{%- endmacro %}

{# What became of rows that the source no longer has: their version ends and, with `new_record`, one that says so begins. #}
{% macro dbt_snapshot_deletes(strategy, source_sql, target_relation, columns, joined) -%}
  {%- set now = snapshot_get_time() -%}
  {%- set records = strategy.hard_deletes == 'new_record' -%}
  {%- set current = config.get('dbt_valid_to_current') -%}
  {%- set known = 'snapshotted_data.' ~ columns.dbt_valid_to ~ (' = ' ~ current if current else ' is null') -%}
  {%- set gone -%}
  from snapshotted_data
  left join deletes_source_data as source_data on {{ joined }}
  where {{ unique_key_is_null(strategy.unique_key, 'source_data') }}
    {%- if records %} and not (snapshotted_data.{{ columns.dbt_is_deleted }} = 'True' and {{ known }}){% endif %}
  {%- endset -%}
deletes as (
  select 'delete' as dbt_change_type, source_data.*, {{ now }} as {{ columns.dbt_valid_from }},
    {{ now }} as {{ columns.dbt_updated_at }}, {{ now }} as {{ columns.dbt_valid_to }}, snapshotted_data.{{ columns.dbt_scd_id }}
    {{- ', snapshotted_data.' ~ columns.dbt_is_deleted if records }}
  {{ gone }}
)
  {%- if records -%}
  {%- set existing = get_list_of_column_names(get_columns_in_relation(target_relation)) -%}
  {%- set values = [] -%}
  {%- for name in get_columns_in_query(source_sql) -%}
    {%- do values.append(('snapshotted_data.' if name in existing else 'source_data.') ~ adapter.quote(name)) -%}
  {%- endfor -%}
  {%- if strategy.unique_key is not string and strategy.unique_key is sequence -%}
    {%- for key in strategy.unique_key -%}{%- do values.append('snapshotted_data.' ~ key ~ ' as dbt_unique_key_' ~ loop.index) -%}{%- endfor -%}
  {%- else -%}
    {%- do values.append('snapshotted_data.dbt_unique_key as dbt_unique_key') -%}
  {%- endif -%},
deletion_records as (
  select 'insert' as dbt_change_type, {{ values | join(', ') }}, {{ now }} as {{ columns.dbt_valid_from }},
    {{ now }} as {{ columns.dbt_updated_at }}, snapshotted_data.{{ columns.dbt_valid_to }} as {{ columns.dbt_valid_to }},
    {{ snapshot_hash_arguments([columns.dbt_scd_id, now]) }} as {{ columns.dbt_scd_id }}, 'True' as {{ columns.dbt_is_deleted }}
  {{ gone }}
)
  {%- endif -%}
{%- endmacro %}

{% macro build_snapshot_staging_table(strategy, sql, target_relation) %}
  {% set staging = make_temp_relation(target_relation) %}
  {% set select = snapshot_staging_table(strategy, sql, target_relation) %}
  {% call statement('build_snapshot_staging_relation') -%}{{ create_table_as(true, staging, select) }}{%- endcall %}
  {% do return(staging) %}
{% endmacro %}

{% macro snapshot_merge_sql(target, source, insert_cols) -%}
  {{ adapter.dispatch('snapshot_merge_sql', 'dbt')(target, source, insert_cols) }}
{%- endmacro %}

{% macro default__snapshot_merge_sql(target, source, insert_cols) -%}
  {%- set columns = dbt_snapshot_columns() -%}
  {%- set current = config.get('dbt_valid_to_current') -%}
  {%- set valid_to = 'DBT_INTERNAL_DEST.' ~ columns.dbt_valid_to -%}
    merge into {{ target.render() }} as DBT_INTERNAL_DEST
    using {{ source }} as DBT_INTERNAL_SOURCE
    on DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }} = DBT_INTERNAL_DEST.{{ columns.dbt_scd_id }}
    when matched
      and {{ '(' ~ equals(valid_to, current | trim) ~ ' or ' ~ valid_to ~ ' is null)' if current else valid_to ~ ' is null' }}
      and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
      then update set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
    when not matched and DBT_INTERNAL_SOURCE.dbt_change_type = 'insert'
      then insert ({{ insert_cols | join(', ') }}) values ({{ insert_cols | join(', ') }})
{% endmacro %}

{% macro create_columns(relation, columns) -%}{{ adapter.dispatch('create_columns', 'dbt')(relation, columns) }}{%- endmacro %}

{% macro default__create_columns(relation, columns) %}
  {% for column in columns %}
    {% call statement() -%}
      alter table {{ relation.render() }} add column {{ adapter.quote(column.name) }} {{ column.expanded_data_type }};
    {%- endcall %}
  {% endfor %}
{% endmacro %}

{% macro post_snapshot(staging_relation) -%}{{ adapter.dispatch('post_snapshot', 'dbt')(staging_relation) }}{%- endmacro %}

{% macro default__post_snapshot(staging_relation) %}{% endmacro %}
