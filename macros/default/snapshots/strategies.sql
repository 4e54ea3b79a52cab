{# How a snapshot tells that a row has changed. A strategy `x` is a macro snapshot_x_strategy that answers with a dict: unique_key,
   updated_at, row_changed, scd_id, hard_deletes. A project adds one by defining a macro of that form. #}

{% macro strategy_dispatch(name) %}
  {% set package_name, bare = name.split('.', 1) if '.' in name else (none, name) %}
  {% if package_name is not none and context.get(package_name) is none %}
    {% do exceptions.raise_compiler_error("Could not find package '" ~ package_name ~ "', called with '" ~ name ~ "'") %}
  {% endif %}
  {% set macros = context if package_name is none else context[package_name] %}
  {% set macro_name = 'snapshot_' ~ bare ~ '_strategy' %}
  {% if macros.get(macro_name) is none %}
    {% do exceptions.raise_compiler_error("The specified strategy macro '" ~ bare ~ "' was not found in package '" ~ package_name ~ "'") %}
  {% endif %}
  {% do return(macros[macro_name]) %}
{% endmacro %}

{# The id of a version of a row. Its text is kept in tables for years: not to be changed. #}
{% macro snapshot_hash_arguments(args) -%}
  {{ adapter.dispatch('snapshot_hash_arguments', 'dbt')(args) }}
{%- endmacro %}

{% macro default__snapshot_hash_arguments(args) -%}
  {%- set parts = [] -%}
  {%- for arg in args -%}{%- do parts.append('coalesce(cast(' ~ arg ~ " as varchar ), '')\n        ") -%}{%- endfor -%}
  md5({{ parts | join(" || '|' || ") }})
{%- endmacro %}

{# A row has changed when its own time is past the one that the table knows. #}
{% macro snapshot_timestamp_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {% set updated_at = config.get('updated_at') %}
  {% do return(dbt_snapshot_strategy(updated_at,
      '(' ~ snapshotted_rel ~ '.' ~ dbt_snapshot_columns().dbt_valid_from ~ ' < ' ~ current_rel ~ '.' ~ updated_at ~ ')')) %}
{% endmacro %}

{# A row has changed when one of the checked columns is not what the table has; with a new column, every row has. #}
{% macro snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {% set column_added, columns = snapshot_check_all_get_existing_columns(node, target_exists, config.get('check_cols')) %}
  {% set differences = [] %}
  {% for column in columns %}
    {% do differences.append(snapshotted_rel ~ '.' ~ column ~ ' is distinct from ' ~ current_rel ~ '.' ~ column) %}
  {% endfor %}
  {% set changed = get_true_sql() if column_added else differences | join(' or ') %}
  {% do return(dbt_snapshot_strategy(config.get('updated_at') or snapshot_get_time(), '(' ~ changed ~ ')')) %}
{% endmacro %}

{% macro dbt_snapshot_strategy(updated_at, row_changed) %}
  {% set unique_key = config.get('unique_key') %}
  {% set hard_deletes = adapter.get_hard_deletes_behavior(config) %}
  {% do return({
    'unique_key': unique_key,
    'updated_at': updated_at,
    'row_changed': row_changed,
    'scd_id': snapshot_hash_arguments(api.Relation.scd_args(unique_key, updated_at)),
    'invalidate_hard_deletes': hard_deletes == 'invalidate',
    'hard_deletes': hard_deletes,
  }) %}
{% endmacro %}

{# A pair: whether the query has columns that the table lacks, and the quoted ones that both have. #}
{% macro snapshot_check_all_get_existing_columns(node, target_exists, check_cols_config) %}
  {% if not target_exists %}{% do return((false, [])) %}{% endif %}
  {% set query = node['compiled_code'] %}
  {% if check_cols_config != 'all' %}
    {% if check_cols_config is not iterable or not check_cols_config | length %}
      {% do exceptions.raise_compiler_error("Invalid value for 'check_cols': " ~ check_cols_config) %}
    {% endif %}
    {% set query = 'select ' ~ check_cols_config | join(', ') ~ ' from (\n' ~ query ~ '\n) subq' %}
  {% endif %}
  {% set target = adapter.get_relation(database=node.database, schema=node.schema, identifier=node.alias) %}
  {% set existing = adapter.get_columns_in_relation(target) | map(attribute='name') | list %}
  {% set columns = get_columns_in_query(query) %}
  {% set shared = [] %}
  {% for column in columns if column in existing %}{% do shared.append(adapter.quote(column)) %}{% endfor %}
  {% do return((shared | length < columns | length, shared)) %}
{% endmacro %}

{% macro snapshot_get_time() -%}{{ adapter.dispatch('snapshot_get_time', 'dbt')() }}{%- endmacro %}

{% macro default__snapshot_get_time() -%}{{ '\n    ' ~ current_timestamp() ~ '\n' }}{%- endmacro %}

{% macro snapshot_string_as_time(timestamp) -%}
  {{ adapter.dispatch('snapshot_string_as_time', 'dbt')(timestamp) }}
{%- endmacro %}

{% macro default__snapshot_string_as_time(timestamp) %}
  {% do exceptions.raise_not_implemented('snapshot_string_as_time macro not implemented for adapter ' ~ adapter.type()) %}
{% endmacro %}

{% macro get_snapshot_get_time_data_type() %}
  {% set columns = get_column_schema_from_query('select ' ~ adapter.dispatch('snapshot_get_time', 'dbt')() ~ ' as dbt_snapshot_time') %}
  {% do return(columns[0].dtype or none) %}
{% endmacro %}

{% macro get_updated_at_column_data_type(snapshot_sql) %}
  {% set found = get_column_schema_from_query(snapshot_sql) | selectattr('column', 'in', ['dbt_updated_at', 'DBT_UPDATED_AT']) | list %}
  {% do return(found[-1].dtype if found else none) %}
{% endmacro %}

{# Warns when the column of times has another type than the engine's clock. #}
{% macro check_time_data_types(sql) %}
  {% set column_type = get_updated_at_column_data_type(sql) %}
  {% set clock_type = get_snapshot_get_time_data_type() %}
  {% if column_type is not none and clock_type is not none and column_type != clock_type %}
    {% do exceptions.warn_snapshot_timestamp_data_types(clock_type, column_type) %}
  {% endif %}
{% endmacro %}
