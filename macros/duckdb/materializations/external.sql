{# A model that is a file: its rows are gathered in a table, written to the location, and read back through a view. #}

{% materialization external, adapter='duckdb' %}
  {%- set options = render_write_options(config) -%}
  {%- set location = render(config.get('location', default=external_location(this, config))) -%}
  {%- set write_options = adapter.external_write_options(location, options) -%}
  {%- set format = duckdb_external_format(config.get('format'), options) -%}
  {%- set target_relation = this.incorporate(type='view') -%}
  {%- set existing = load_cached_relation(this) -%}
  {%- set rows = make_intermediate_relation(this.incorporate(type='table'), suffix='__dbt_tmp') -%}
  {%- set reader = make_intermediate_relation(target_relation, suffix='__dbt_int') -%}
  {%- set backup = make_backup_relation(target_relation, 'table' if existing is none else existing.type) -%}
  {%- set leftovers = [load_cached_relation(reader), load_cached_relation(rows), load_cached_relation(backup)] -%}

  {% for leftover in leftovers %}{% do drop_relation_if_exists(leftover) %}{% endfor %}
  {% do run_hooks(pre_hooks, inside_transaction=false) %}
  {% do run_hooks(pre_hooks, inside_transaction=true) %}

  {% call statement('create_table') -%}
    {{ create_table_as(false, rows, compiled_code) }}
  {%- endcall %}

  {# A file without rows would have no types, and with some formats no columns: one row of nulls stands for none. #}
  {% set empty = run_query('select count(*) as row_count from ' ~ rows)[0][0] == 0 %}
  {% set columns = adapter.get_columns_in_relation(rows) if empty else [] %}
  {% if empty %}
    {% call statement('one_row') -%}
      insert into {{ rows }} values ({{ (['null'] * columns | length) | join(', ') }})
    {%- endcall %}
  {% endif %}
  {% do write_to_file(rows, location, write_options) %}

  {% call statement('main') -%}
    create or replace view {{ reader }} as (
      select * from {{ duckdb_external_reader(format, adapter.external_read_location(location, options), options) }}
      {%- for column in columns %}
      {{ 'where' if loop.first else 'and' }} {{ adapter.quote(column.column) }} is not null
      {%- endfor %}
    );
  {%- endcall %}

  {% if existing is not none %}{% do adapter.rename_relation(existing, backup) %}{% endif %}
  {% do adapter.rename_relation(reader, target_relation) %}
  {% do run_hooks(post_hooks, inside_transaction=true) %}
  {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=true)) %}
  {% do persist_docs(target_relation, model) %}
  {% do adapter.commit() %}

  {% do drop_relation_if_exists(backup) %}
  {% do drop_relation_if_exists(rows) %}
  {% if config.get('plugin') is not none or config.get('glue_register', default=false) %}
    {% set plugin = 'glue|' ~ config.get('glue_database', 'default') if config.get('glue_register') else config.get('plugin') %}
    {% do store_relation(plugin, target_relation, location, format, config) %}
  {% endif %}
  {% do run_hooks(post_hooks, inside_transaction=false) %}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# How the file is read back: as configured, else as it is written. #}
{% macro duckdb_external_format(configured, options) %}
  {% set known = ['csv', 'parquet', 'json'] %}
  {% if configured and configured not in known %}
    {% do exceptions.raise_compiler_error('Invalid format: ' ~ configured ~ '. Allowed formats are: ' ~ known | join(', ')) %}
  {% endif %}
  {% set written = options['format'] | lower %}
  {% do return(configured or (written if written in known else 'parquet')) %}
{% endmacro %}

{# read_csv('...', option=value, ...): the model's options for reading, and the compression that it was written with. #}
{% macro duckdb_external_reader(format, location, options) -%}
  {%- set defaults = {'parquet': {'union_by_name': False}, 'csv': {'auto_detect': True}, 'json': {'auto_detect': True}} -%}
  {%- set read_options = dict(config.get(format ~ '_read_options', defaults[format])) -%}
  {%- if options.get('compression') and format != 'parquet' and 'compression' not in read_options -%}
    {%- do read_options.update({'compression': options['compression']}) -%}
  {%- endif -%}
  read_{{ format }}('{{ location }}'
  {%- for name, value in read_options.items() -%}
    , {{ name }}={{ "'" ~ value ~ "'" if value is string else value }}
  {%- endfor -%}
  )
{%- endmacro %}
