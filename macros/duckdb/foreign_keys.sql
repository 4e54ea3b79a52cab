{# Tables that a foreign key points at, or that have one. DuckDB lets nobody rename or drop a table that is referenced, and keeps the
   name under which a table with a foreign key was made. So such tables are built under their own name, and the tables whose keys
   point at a table are set aside before it is replaced; this run has to build them again. #}

{# The types of constraint that the model's contract asks for. #}
{% macro enforced_constraint_types() %}
  {% set contract = config.get('contract') %}
  {% if not contract or not contract.enforced %}{% do return([]) %}{% endif %}
  {% set types = model.get('constraints', []) | map(attribute='type') | list %}
  {% for column in model.get('columns', {}).values() %}
    {% do types.extend(column.get('constraints', []) | map(attribute='type')) %}
  {% endfor %}
  {% do return(types) %}
{% endmacro %}

{% macro existing_constraint_types(relation) %}
  {% do return(adapter.existing_key_constraint_types(relation) if relation is not none and relation.is_table else []) %}
{% endmacro %}

{% macro has_foreign_key_constraints(relation=none) %}
  {% do return('foreign_key' in enforced_constraint_types() or 'foreign_key' in existing_constraint_types(relation)) %}
{% endmacro %}

{% macro may_be_foreign_key_target(relation=none) %}
  {% set types = enforced_constraint_types() + existing_constraint_types(relation) %}
  {% do return('primary_key' in types or 'unique' in types) %}
{% endmacro %}

{# Drops a relation in the model's transaction, so that a failed build brings it back. #}
{% macro drop_relation_for_rebuild(relation) %}
  {% do adapter.ensure_transaction() %}
  {% set dropped = drop_foreign_key_dependents(relation) if relation.is_table and may_be_foreign_key_target(relation) else [] %}
  {% do adapter.drop_relation(relation) %}
  {% do return(dropped) %}
{% endmacro %}

{# Tables that point at this one, also by way of others, the furthest first, each with what it points at. #}
{% macro duckdb_foreign_key_dependents(relation) %}
  {% set sql -%}
    with recursive keys as (
      select lower(table_name) as name, lower(referenced_table) as target
      from duckdb_constraints()
      where constraint_type = 'FOREIGN KEY' and lower(table_name) <> lower(referenced_table)
        and lower(database_name) = lower({{ dbt.string_literal(dbt.escape_single_quotes(relation.database)) }})
        and lower(schema_name) = lower({{ dbt.string_literal(dbt.escape_single_quotes(relation.schema)) }})
    ),
    found as (
      select name, 1 as depth from keys where target = lower({{ dbt.string_literal(dbt.escape_single_quotes(relation.identifier)) }})
      union
      select keys.name, found.depth + 1 from keys join found on keys.target = found.name
    )
    select f.name, max(f.depth) as depth, string_agg(distinct k.target, ',')
    from found f join keys k using (name)
    group by f.name
    order by depth desc, f.name
  {%- endset %}
  {% do return(run_query(sql)) %}
{% endmacro %}

{# Sets the dependents aside as plain copies. Refused unless this run builds each of them again, so that no row is lost. #}
{% macro drop_foreign_key_dependents(relation) %}
  {% set dependents = duckdb_foreign_key_dependents(relation) %}
  {% set chain = {relation.identifier | lower: model.unique_id} %}
  {% set nodes = {} %}
  {% for row in dependents %}
    {% for node in graph.nodes.values() if node.resource_type == 'model' and (node.alias or node.name) | lower == row[0]
       and node.schema | lower == relation.schema | lower and (node.database or '') | lower == (relation.database or '') | lower %}
      {% do nodes.update({row[0]: node}) %}
      {% do chain.update({row[0]: node.unique_id}) %}
    {% endfor %}
  {% endfor %}
  {% set problems = [] %}
  {% for row in dependents %}
    {% set problem = duckdb_why_not_rebuilt(nodes.get(row[0]), row[2].split(','), chain) %}
    {% if problem %}{% do problems.append(row[0] ~ ' (' ~ problem ~ ')') %}{% endif %}
  {% endfor %}
  {% if problems %}
    {% do exceptions.raise_compiler_error('Cannot replace ' ~ relation ~ ' because DuckDB does not allow replacing a table that a foreign key '
        ~ 'references, and dbt-duckdb can only drop referencing tables that this run will rebuild. Problem tables: ' ~ problems | join('; ')) %}
  {% endif %}
  {% set dropped = [] %}
  {% for row in dependents %}
    {% set table = api.Relation.create(database=relation.database, schema=relation.schema, identifier=row[0], type='table') %}
    {% set backup = table.incorporate(path={'identifier': row[0] ~ '__dbt_fk_backup'}, type='table') %}
    {% do adapter.drop_relation(backup) %}
    {% call statement('backup_foreign_key_dependent_' ~ loop.index) -%}create table {{ backup }} as select * from {{ table }}{%- endcall %}
    {% do log('Dropping ' ~ table ~ ' because it references ' ~ relation ~ ' through a foreign key; it is rebuilt later in this run', info=True) %}
    {% do adapter.drop_relation(table) %}
    {% do dropped.append({'relation': table, 'backup': backup}) %}
  {% endfor %}
  {% do return(dropped) %}
{% endmacro %}

{% macro duckdb_why_not_rebuilt(node, targets, chain) %}
  {% if node is none %}{% do return('not built by a dbt model in this project') %}{% endif %}
  {% if node.unique_id not in selected_resources %}{% do return('model ' ~ node.name ~ ' is not selected in this run') %}{% endif %}
  {% set parents = [] %}
  {% for target in targets if chain.get(target) in node.depends_on.nodes %}{% do parents.append(target) %}{% endfor %}
  {% if not parents %}
    {% do return('model ' ~ node.name ~ ' does not ref() the table its foreign key points at, so dbt may not rebuild it afterwards; use `to: ref(...)` in the constraint') %}
  {% endif %}
  {% set full_refresh = flags.FULL_REFRESH if node.config.full_refresh is none else node.config.full_refresh %}
  {% if node.config.materialized != 'table' and not (node.config.materialized == 'incremental' and full_refresh) %}
    {% do return('model ' ~ node.name ~ ' is materialized as ' ~ node.config.materialized ~ ' and would lose its data; run with --full-refresh') %}
  {% endif %}
  {% do return('') %}
{% endmacro %}

{# What was set aside is there again until it is rebuilt, without its constraints. #}
{% macro restore_foreign_key_dependents(dropped) %}
  {% for item in dropped | reverse %}
    {% do log('Restoring data for ' ~ item['relation'] ~ '; its constraints are rebuilt later in this run', info=True) %}
    {% do adapter.rename_relation(item['backup'], item['relation']) %}
  {% endfor %}
{% endmacro %}

{# Asked by adapter.existing_key_constraint_types: the types of key that the table has now. #}
{% macro duckdb_key_constraint_types(relation) %}
  {% set sql -%}
    select distinct lower(replace(constraint_type, ' ', '_'))
    from duckdb_constraints()
    where constraint_type in ('FOREIGN KEY', 'PRIMARY KEY', 'UNIQUE')
      and lower(database_name) = lower({{ dbt.string_literal(dbt.escape_single_quotes(relation.database)) }})
      and lower(schema_name) = lower({{ dbt.string_literal(dbt.escape_single_quotes(relation.schema)) }})
      and lower(table_name) = lower({{ dbt.string_literal(dbt.escape_single_quotes(relation.identifier)) }})
  {%- endset %}
  {% do return(run_query(sql).columns[0].values() | list) %}
{% endmacro %}
