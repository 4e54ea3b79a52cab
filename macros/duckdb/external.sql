{# Files of external models: where they are, how they are written, and views for those that this run does not build. #}

{# `<external_root>/<alias>.<format>`, or a folder for a partitioned write. #}
{%- macro external_location(relation, config) -%}
  {{- adapter.external_root() }}/{{ relation.identifier }}
  {%- if config.get('options', {}).get('partition_by') is none -%}.{{ config.get('format', 'parquet') }}{%- endif -%}
{%- endmacro -%}

{% macro location_exists(location) -%}{% do return(adapter.location_exists(location)) %}{%- endmacro %}

{% macro write_to_file(relation, location, options) -%}
  {% call statement('write_to_file') -%}
    copy {{ relation }} to '{{ location }}' ({{ options }})
  {%- endcall %}
{%- endmacro %}

{% macro store_relation(plugin, relation, location, format, config) -%}
  {% do adapter.store_relation(plugin, relation, adapter.get_columns_in_relation(relation), location, format, config) %}
{%- endmacro %}

{# The options of a `copy to`, each rendered; `format` and `delimiter` may stand beside them in the configuration. #}
{% macro render_write_options(config) -%}
  {% set given = config.get('options', {}) %}
  {% if given is not mapping %}
    {% do exceptions.raise_compiler_error('The options argument must be a dictionary') %}
  {% endif %}
  {% set options = {} %}
  {% for name in given %}{% do options.update({name: render(given[name])}) %}{% endfor %}
  {% for name in ['format', 'delimiter'] if config.get(name) %}
    {% do options.update({name: render(config.get(name))}) %}
  {% endfor %}
  {% do return(options) %}
{%- endmacro %}

{# For on-run-start: a database in memory has no views on the files that earlier runs wrote. #}
{% macro register_upstream_external_models() %}
  {% if not execute %}{% do return('') %}{% endif %}
  {% set wanted = {} %}
  {% for id in selected_resources if id in graph.nodes %}
    {% for parent in graph.nodes[id].depends_on.nodes if parent not in selected_resources %}
      {% set node = graph.nodes.get(parent) %}
      {% if node and node.config.materialized == 'external' %}{% do wanted.update({parent: node}) %}{% endif %}
    {% endfor %}
  {% endfor %}
  {% for node in wanted.values() %}
    {% set relation = api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias) %}
    {% set location = render(node.config.get('location', external_location(relation, node.config))) %}
    {% set options = render_write_options(node.config) %}
    {% call statement('main') -%}create schema if not exists {{ relation.without_identifier() }}{%- endcall %}
    {% call statement('main') -%}
      create or replace view {{ relation }} as (select * from '{{ adapter.external_read_location(location, options) }}');
    {%- endcall %}
  {% endfor %}
  {% if wanted %}{% do adapter.commit() %}{% endif %}
{% endmacro %}
