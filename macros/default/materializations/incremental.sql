{# The first run, a full refresh and a former view build the whole table; every other run builds the new rows in a temporary table
   and lets the strategy's statement bring them in. #}

{% materialization incremental, default %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set temp_relation = make_temp_relation(target_relation) -%}
  {%- set intermediate = make_intermediate_relation(target_relation) -%}
  {%- set backup = make_backup_relation(target_relation, 'table' if existing is none else existing.type) -%}
  {%- set leftovers = [load_cached_relation(intermediate), load_cached_relation(backup)] -%}
  {%- set full_refresh = should_full_refresh() or existing.is_view -%}
  {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}
  {%- set swap = existing is not none and full_refresh -%}
  {%- set indexed = intermediate if swap else target_relation -%}

  {% for leftover in leftovers %}{% do drop_relation_if_exists(leftover) %}{% endfor %}
  {% do run_hooks(pre_hooks, inside_transaction=false) %}
  {% do run_hooks(pre_hooks, inside_transaction=true) %}

  {% if existing is none or full_refresh %}
    {% set build_sql = get_create_table_as_sql(false, indexed, sql) %}
  {% else %}
    {% do run_query(get_create_table_as_sql(true, temp_relation, sql)) %}
    {% set build_sql = dbt_incremental_build_sql(on_schema_change, temp_relation, target_relation, existing) %}
  {% endif %}

  {% call statement('main') -%}{{ '\n      ' ~ build_sql ~ '\n  ' }}{%- endcall %}
  {% if existing is none or existing.is_view or should_full_refresh() %}{% do create_indexes(indexed) %}{% endif %}

  {% if swap %}
    {% do adapter.rename_relation(existing, backup) %}
    {% do adapter.rename_relation(intermediate, target_relation) %}
  {% endif %}

  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing, full_refresh)) %}
  {% do persist_docs(target_relation, model) %}
  {% do run_hooks(post_hooks, inside_transaction=true) %}
  {% do adapter.commit() %}

  {% if swap %}{% do adapter.drop_relation(backup) %}{% endif %}
  {% do run_hooks(post_hooks, inside_transaction=false) %}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# Brings the table's columns in line with the new rows, then asks the strategy for its statement. #}
{% macro dbt_incremental_build_sql(on_schema_change, temp_relation, target_relation, existing) %}
  {% if not config.get('contract').enforced %}
    {% do adapter.expand_target_column_types(from_relation=temp_relation, to_relation=target_relation) %}
  {% endif %}
  {% set columns = process_schema_changes(on_schema_change, temp_relation, existing) %}
  {% set strategy = config.get('incremental_strategy') or 'default' %}
  {% set strategy_macro = adapter.get_incremental_strategy_macro(context, strategy) %}
  {% do return(strategy_macro({
    'target_relation': target_relation,
    'temp_relation': temp_relation,
    'unique_key': config.get('unique_key'),
    'dest_columns': columns or adapter.get_columns_in_relation(existing),
    'incremental_predicates': config.get('predicates', none) or config.get('incremental_predicates', none),
  })) %}
{% endmacro %}
