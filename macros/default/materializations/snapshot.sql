{# A snapshot: a table that keeps every version that a row of its query has had, with the time from which and to which it was valid. #}

{% materialization snapshot, default %}
  {%- set exists, target_relation = get_or_create_relation(database=model.database, schema=model.schema,
                                                           identifier=model.get('alias', model.get('name')), type='table') -%}
  {% if not target_relation.is_table %}{% do exceptions.relation_wrong_type(target_relation, 'table') %}{% endif %}
  {% do run_hooks(pre_hooks, inside_transaction=false) %}
  {% do run_hooks(pre_hooks, inside_transaction=true) %}

  {%- set strategy = strategy_dispatch(config.get('strategy'))(model, 'snapshotted_data', 'source_data', model['config'], exists) -%}
  {% if exists %}
    {% do adapter.assert_valid_snapshot_target_given_strategy(target_relation, dbt_snapshot_columns(), strategy) %}
    {%- set query = snapshot_staging_table(strategy, sql, target_relation) -%}
    {%- set staging = build_snapshot_staging_table(strategy, sql, target_relation) -%}
    {% do adapter.expand_target_column_types(from_relation=staging, to_relation=target_relation) %}
    {%- set final_sql = dbt_snapshot_merge(strategy, staging, target_relation) -%}
  {% else %}
    {%- set query = build_snapshot_table(strategy, model['compiled_code']) -%}
    {%- set final_sql = create_table_as(false, target_relation, query) -%}
  {% endif %}
  {% do check_time_data_types(query) %}
  {% call statement('main') -%}{{ '\n      ' ~ final_sql ~ '\n  ' }}{%- endcall %}

  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(exists, full_refresh_mode=false)) %}
  {% do persist_docs(target_relation, model) %}
  {% if not exists %}{% do create_indexes(target_relation) %}{% endif %}
  {% do run_hooks(post_hooks, inside_transaction=true) %}
  {% do adapter.commit() %}
  {% if exists %}{% do post_snapshot(staging) %}{% endif %}
  {% do run_hooks(post_hooks, inside_transaction=false) %}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# New columns of the query are added to the table first. #}
{% macro dbt_snapshot_merge(strategy, staging, target_relation) %}
  {% set own = ['dbt_change_type', 'DBT_CHANGE_TYPE', 'dbt_unique_key', 'DBT_UNIQUE_KEY'] %}
  {% if strategy.unique_key is not string and strategy.unique_key is sequence %}
    {% for key in strategy.unique_key %}
      {% do own.extend(['dbt_unique_key_' ~ loop.index, 'DBT_UNIQUE_KEY_' ~ loop.index]) %}
    {% endfor %}
  {% endif %}
  {% do create_columns(target_relation, adapter.get_missing_columns(staging, target_relation) | rejectattr('name', 'in', own) | list) %}
  {% set quoted = [] %}
  {% for column in adapter.get_columns_in_relation(staging) | rejectattr('name', 'in', own) %}
    {% do quoted.append(adapter.quote(column.name)) %}
  {% endfor %}
  {% do return(snapshot_merge_sql(target=target_relation, source=staging, insert_cols=quoted)) %}
{% endmacro %}
