{# The incremental strategies of DuckDB: append, delete+insert (the default with a unique key) and merge. #}

{% macro duckdb__get_incremental_default_sql(arg_dict) %}
  {% do return(get_incremental_delete_insert_sql(arg_dict) if arg_dict['unique_key'] else get_incremental_append_sql(arg_dict)) %}
{% endmacro %}

{% macro duckdb__get_incremental_merge_sql(arg_dict) %}
  {% if not arg_dict['unique_key'] and not config.get('merge_on_using_columns') %}
    {% do return(get_incremental_append_sql(arg_dict)) %}
  {% endif %}
  {% do return(get_merge_sql(arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['unique_key'],
                             arg_dict['dest_columns'], arg_dict['incremental_predicates'])) %}
{% endmacro %}

{% macro duckdb__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
  {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
  {%- if unique_key %}
  {%- set keys = [unique_key] if unique_key is string else unique_key %}
  delete from {{ target }} as DBT_INTERNAL_DEST
  where ({{ keys | join(', ') }}) in (
    select ({{ keys | join(', ') }})
    from {{ source }}
  )
  {%- for predicate in incremental_predicates or [] %}
    and {{ predicate }}
  {%- endfor %};
  {% endif %}
  insert into {{ target }} ({{ columns }})
  (
    select {{ columns }}
    from {{ source }}
  )
{%- endmacro %}

{% macro duckdb__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
  {%- set clauses = config.get('merge_clauses') or {} -%}
  {%- set returning = config.get('merge_returning_columns') -%}
  merge into {{ target }} as DBT_INTERNAL_DEST
  using {{ source }} as DBT_INTERNAL_SOURCE
  {{ duckdb__merge_join_clause(unique_key, config.get('merge_on_using_columns'), incremental_predicates) }}
  {%- if clauses %}
    {%- for clause in clauses.get('when_matched', []) %}
  {{ duckdb_merge_clause('when matched', clause, dest_columns) }}
    {%- endfor %}
    {%- for clause in clauses.get('when_not_matched', []) %}
  {{ duckdb_merge_clause(duckdb_not_matched_by(clause), clause, dest_columns) }}
    {%- endfor %}
  {%- else %}
  {{ duckdb_merge_default_update(dest_columns) }}
  when not matched {{ duckdb_merge_condition(config.get('merge_insert_condition')) }}then insert by name
  {%- endif %}
  {%- if returning %}
  returning {{ [returning] | join(', ') if returning is string else returning | join(', ') }}
  {%- endif %}
{%- endmacro %}

{% macro duckdb__merge_join_clause(unique_key, merge_on_using_columns, incremental_predicates) -%}
  {%- if merge_on_using_columns -%}
    using ({{ merge_on_using_columns if merge_on_using_columns is string else merge_on_using_columns | join(', ') }})
  {%- else -%}
    on ({{ dbt_merge_match_conditions(unique_key, normalize_incremental_predicates(incremental_predicates)) | join(') and (') }})
  {%- endif -%}
{%- endmacro %}

{% macro normalize_incremental_predicates(incremental_predicates) %}
  {% if incremental_predicates is none %}{% do return([]) %}{% endif %}
  {% do return([incremental_predicates] if incremental_predicates is string else incremental_predicates) %}
{% endmacro %}

{% macro duckdb_merge_condition(condition) -%}
  {% if condition %}and {{ condition }} {% endif %}
{%- endmacro %}

{# `when matched` of a merge without clauses of its own: all columns by name, or those that the merge_ options choose. #}
{% macro duckdb_merge_default_update(dest_columns) -%}
  {%- set update = {
    'include': config.get('merge_update_columns') or [],
    'exclude': config.get('merge_exclude_columns') or [],
    'set_expressions': config.get('merge_update_set_expressions') or {},
  } -%}
  {%- set explicit = update.include or update.exclude or update.set_expressions -%}
  when matched {{ duckdb_merge_condition(config.get('merge_update_condition')) }}then update
  {%- if explicit %} set {{ duckdb_merge_assignments(update, dest_columns) }}{% else %} by name{% endif %}
{%- endmacro %}

{# `a = DBT_INTERNAL_SOURCE.a, ...`: the included columns, else all but the excluded, and the given expressions. #}
{% macro duckdb_merge_assignments(update, dest_columns) -%}
  {%- set expressions = update.get('set_expressions') or {} -%}
  {%- set include = update.get('include') or [] -%}
  {%- set exclude = (update.get('exclude') or []) | map('lower') | list -%}
  {%- set assignments = [] -%}
  {%- if include or exclude or not expressions -%}
    {%- for name in include or dest_columns | map(attribute='name')
        if name | lower not in exclude and name not in expressions -%}
      {%- do assignments.append(adapter.quote(name) ~ ' = DBT_INTERNAL_SOURCE.' ~ adapter.quote(name)) -%}
    {%- endfor -%}
  {%- endif -%}
  {%- for name, expression in expressions.items() -%}
    {%- do assignments.append(adapter.quote(name) ~ ' = ' ~ expression) -%}
  {%- endfor -%}
  {{ assignments | join(', ') }}
{%- endmacro %}

{# An action on rows of the target that the source does not have. #}
{% macro duckdb_not_matched_by(clause) -%}
  when not matched{{ ' by source' if clause.get('action') in ['update', 'delete'] }}
{%- endmacro %}

{% macro duckdb_merge_clause(head, clause, dest_columns) -%}
  {%- set action = clause.get('action') -%}
  {%- set mode = clause.get('mode', 'by_name') -%}
  {{ head }} {{ duckdb_merge_condition(clause.get('condition')) }}then {# -#}
  {%- if action == 'delete' -%}delete
  {%- elif action == 'do_nothing' -%}do nothing
  {%- elif action == 'error' -%}error {{ dbt.string_literal(dbt.escape_single_quotes(clause['error_message'])) if clause.get('error_message') }}
  {%- elif action == 'update' -%}{{ duckdb_merge_update(clause, mode, dest_columns) }}
  {%- elif action == 'insert' -%}{{ duckdb_merge_insert(clause, mode) }}
  {%- else -%}{%- do exceptions.raise_compiler_error('merge_clauses: unknown action `' ~ action ~ '`') -%}
  {%- endif -%}
{%- endmacro %}

{% macro duckdb_merge_update(clause, mode, dest_columns) -%}
  {%- if clause.get('set_expressions') -%}update set {{ duckdb_merge_assignments(clause, dest_columns) }}
  {%- elif mode == 'explicit' -%}update set {{ duckdb_merge_assignments(clause.get('update', {}), dest_columns) }}
  {%- elif mode == 'by_position' -%}update by position
  {%- elif mode == 'star' -%}update set *
  {%- else -%}update by name
  {%- endif -%}
{%- endmacro %}

{% macro duckdb_merge_insert(clause, mode) -%}
  {%- if mode == 'explicit' -%}
    insert ({{ clause['insert']['columns'] | join(', ') }}) values ({{ clause['insert']['values'] | join(', ') }})
  {%- elif mode == 'by_position' -%}insert by position
  {%- elif mode == 'star' -%}insert *
  {%- else -%}insert by name
  {%- endif -%}
{%- endmacro %}
