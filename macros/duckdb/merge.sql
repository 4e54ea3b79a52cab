{# DuckDB's merge, with the clauses that dbt-duckdb's options ask for:
   merge_update_condition, merge_insert_condition, merge_on_using_columns, merge_update_columns, merge_exclude_columns,
   merge_update_set_expressions, merge_returning_columns, or all clauses written out in merge_clauses. #}

{% macro duckdb__get_incremental_merge_sql(args_dict) %}
  {% do return(duckdb__get_merge_sql(args_dict['target_relation'], args_dict['temp_relation'], args_dict['unique_key'],
                                     args_dict['dest_columns'],
                                     normalize_incremental_predicates(args_dict.get('incremental_predicates')))) %}
{% endmacro %}

{% macro duckdb__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
  {%- do validate_merge_config(config, target) -%}
  {%- set clauses = config.get('merge_clauses', {}) -%}
  {%- set returning = config.get('merge_returning_columns', []) -%}
  {{ config.get('sql_header') or '' }}

    MERGE INTO {{ target }} AS DBT_INTERNAL_DEST
        USING {{ source }} AS DBT_INTERNAL_SOURCE
        {{ duckdb__merge_join_clause(unique_key, config.get('merge_on_using_columns', []), incremental_predicates) }}
    {%- for clause in clauses.get('when_matched', [duckdb_merge_default_update()]) %}
    WHEN MATCHED{{ duckdb_merge_condition(clause) }}
    THEN
        {{ duckdb_merge_action(clause, dest_columns, matched=true) }}
    {%- endfor %}
    {%- for clause in clauses.get('when_not_matched', [duckdb_merge_default_insert()]) %}
    WHEN NOT MATCHED
        {{ 'BY ' ~ clause['by'] | upper ~ ' ' if clause.get('by') }}{{ duckdb_merge_condition(clause) }}
    THEN
        {{ duckdb_merge_action(clause, dest_columns, matched=false) }}
    {%- endfor %}
    {%- if returning %}
    RETURNING {{ returning if returning is string else returning | join(', ') }}
    {%- endif %}
{% endmacro %}

{# The blank lines are dbt's: as many as the ways to choose a key. #}
{% macro duckdb__merge_join_clause(unique_key, merge_on_using_columns, incremental_predicates) -%}
  {%- set filters = incremental_predicates or [] -%}
  {%- set outer, inner = '\n        ', '\n            ' -%}
  {%- if merge_on_using_columns -%}
    {{ outer ~ 'USING (' ~ merge_on_using_columns | join(', ') ~ ')' }}
    {{- outer ~ 'ON (' ~ filters | join(') AND (') ~ ')' if filters }}{{ '\n    ' }}
  {%- else -%}
    {%- set many = unique_key is sequence and unique_key is not mapping and unique_key is not string -%}
    {%- set matches = [] -%}
    {%- for key in (unique_key if many else [unique_key]) if unique_key -%}
      {%- do matches.append('DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key) -%}
    {%- endfor -%}
    {%- set deeper = '\n                ' -%}
    {%- set blank = ('\n                    ' ~ deeper) * matches | length if many else '' -%}
    {{ (inner ~ deeper ~ blank ~ inner ~ outer) if unique_key else (inner ~ outer) }}
    {{- outer ~ 'ON (' ~ ((matches or ['FALSE']) + filters) | join(') AND (') ~ ')' ~ '\n    ' }}
  {%- endif -%}
{%- endmacro %}

{% macro duckdb_merge_condition(clause) %}
  {% set condition = clause.get('condition') %}
  {% if not condition %}{% do return('') %}{% endif %}
  {% do return(' AND ' ~ (condition if condition is string else '(' ~ condition | join(') AND (') ~ ')')) %}
{% endmacro %}

{# Without options, all columns by name; with options that choose columns, exactly those. #}
{% macro duckdb_merge_default_update() %}
  {% set chosen = {
    'include': config.get('merge_update_columns', []),
    'exclude': config.get('merge_exclude_columns', []),
    'set_expressions': config.get('merge_update_set_expressions', {}),
  } %}
  {% set explicit = chosen.include or chosen.exclude or chosen.set_expressions %}
  {% do return({'action': 'update', 'condition': config.get('merge_update_condition', none),
                'mode': 'explicit' if explicit else 'by_name', 'update': chosen}) %}
{% endmacro %}

{% macro duckdb_merge_default_insert() %}
  {% do return({'action': 'insert', 'condition': config.get('merge_insert_condition', none), 'mode': 'by_name'}) %}
{% endmacro %}

{# What follows `then`. dbt puts some of the actions on a line further down. #}
{% macro duckdb_merge_action(clause, dest_columns, matched) %}
  {% set action, mode, down = clause.get('action'), clause.get('mode'), '\n            ' %}
  {% if action == 'delete' %}{% do return(down ~ 'DELETE') %}{% endif %}
  {% if action == 'do_nothing' %}{% do return(down ~ 'DO NOTHING') %}{% endif %}
  {% if action == 'error' %}
    {% set message = clause.get('error_message') %}
    {% do return('ERROR' ~ (" '" ~ message | replace("'", "''") ~ "'" if message else '')) %}
  {% endif %}
  {% if action == 'update' and not matched %}
    {% do return('UPDATE SET' ~ down ~ duckdb_merge_assignments(clause.get('set_expressions', {}), [])) %}
  {% endif %}
  {% if action == 'update' and mode == 'explicit' %}
    {% set chosen = clause.get('update', {}) %}
    {% set expressions = chosen.get('set_expressions', {}) %}
    {% set columns = [] %}
    {% for column in get_merge_update_columns(chosen.get('include', []), chosen.get('exclude', []), dest_columns)
       if column.replace('"', '').replace("'", '') not in expressions %}
      {% do columns.append(column) %}
    {% endfor %}
    {% do return('UPDATE SET' ~ down ~ '    ' ~ duckdb_merge_assignments(expressions, columns)) %}
  {% endif %}
  {% if action == 'insert' and mode == 'explicit' %}
    {% set chosen = clause.get('insert', {}) %}
    {% do return('INSERT' ~ down ~ '    (' ~ chosen.get('columns', []) | join(', ') ~ ')'
                 ~ down ~ '    VALUES (' ~ chosen.get('values', []) | join(', ') ~ ')') %}
  {% endif %}
  {% set forms = {
    'update': {'by_name': 'UPDATE BY NAME', 'by_position': 'UPDATE BY POSITION', 'star': 'UPDATE SET *'},
    'insert': {'by_name': 'INSERT BY NAME', 'by_position': 'INSERT BY POSITION', 'star': 'INSERT *'},
  } %}
  {% do return(forms.get(action, {}).get(mode, '')) %}
{% endmacro %}

{% macro duckdb_merge_assignments(expressions, columns) %}
  {% set assignments = [] %}
  {% for column, expression in expressions.items() %}{% do assignments.append(column ~ ' = ' ~ expression) %}{% endfor %}
  {% for column in columns %}{% do assignments.append(column ~ ' = DBT_INTERNAL_SOURCE.' ~ column) %}{% endfor %}
  {% do return(assignments | join(', ')) %}
{% endmacro %}

{# All that is wrong with the merge_ options, at once. #}
{% macro validate_merge_config(config, target_relation=none) %}
  {%- set kinds = {
    'merge_update_condition': 'string', 'merge_insert_condition': 'string', 'merge_on_using_columns': 'list',
    'merge_update_columns': 'list', 'merge_update_set_expressions': 'dictionary', 'merge_exclude_columns': 'list',
    'merge_returning_columns': 'list',
  } -%}
  {%- set errors = [] -%}
  {%- for name, kind in kinds.items() -%}{%- do errors.extend(duckdb_merge_option_errors(name, kind, config.get(name))) -%}{%- endfor -%}
  {%- do errors.extend(duckdb_merge_clauses_errors(config, kinds)) -%}
  {%- if errors -%}{%- do exceptions.raise_compiler_error('MERGE configuration errors:\n' ~ errors | join('\n')) -%}{%- endif -%}
{% endmacro %}

{% macro duckdb_merge_option_errors(name, kind, value) %}
  {% if value is none %}{% do return([]) %}{% endif %}
  {% if kind == 'string' and value is not string %}{% do return([name ~ ' must be a string, found: ' ~ value]) %}{% endif %}
  {% if kind == 'dictionary' and value is not mapping %}{% do return([name ~ ' must be a dictionary, found: ' ~ value]) %}{% endif %}
  {% set errors = [] %}
  {% if kind == 'list' %}
    {% if value is not sequence or value is mapping or value is string %}{% do return([name ~ ' must be a list']) %}{% endif %}
    {% for item in value if item is not string %}
      {% do errors.append(name ~ ' must contain only string values, found: ' ~ item) %}
    {% endfor %}
  {% endif %}
  {% do return(errors) %}
{% endmacro %}

{% macro duckdb_merge_clauses_errors(config, kinds) %}
  {% set clauses = config.get('merge_clauses') %}
  {% if clauses is none %}{% do return([]) %}{% endif %}
  {% if clauses is not mapping %}{% do return(['merge_clauses must be a dictionary, found: ' ~ clauses]) %}{% endif %}
  {% set errors = [] %}
  {% if 'when_matched' not in clauses and 'when_not_matched' not in clauses %}
    {% do errors.append("merge_clauses must contain at least one of 'when_matched' or 'when_not_matched' keys") %}
  {% endif %}
  {% for name in ['when_matched', 'when_not_matched'] if name in clauses %}
    {% set list = clauses[name] %}
    {% if list is not sequence or list is mapping or list is string %}
      {% do errors.append('merge_clauses.' ~ name ~ ' must be a list') %}
    {% elif not list %}
      {% do errors.append('merge_clauses.' ~ name ~ ' must contain at least one element') %}
    {% else %}
      {% for clause in list if clause is not mapping %}
        {% do errors.append('merge_clauses.' ~ name ~ ' elements must be dictionaries, found: ' ~ clause) %}
      {% endfor %}
    {% endif %}
  {% endfor %}
  {% set ignored = [] %}
  {% for name, kind in kinds.items() if name not in ['merge_on_using_columns', 'merge_returning_columns'] %}
    {% if config.get(name) is not none and (kind == 'string' or config.get(name)) %}{% do ignored.append(name) %}{% endif %}
  {% endfor %}
  {% if ignored %}
    {% do errors.append('When merge_clauses is specified, the following basic merge configurations will be ignored and should be removed: '
                        ~ ignored | join(', ') ~ '. Define your merge behavior within merge_clauses instead.') %}
  {% endif %}
  {% do return(errors) %}
{% endmacro %}
