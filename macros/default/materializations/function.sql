{# A function of the project. What it is, and in which language, names the macro that makes its statement:
   scalar_function_sql; one of a project's own for any other pair. Reached under another name, so that parsing does not
   look for a macro whose name it cannot know. #}
{% materialization function, default, supported_languages=['sql', 'python', 'javascript'] %}
  {% set existing_relation = load_cached_relation(this) %}
  {% set target_relation = this.incorporate(type=this.Function) %}
  {{ run_hooks(pre_hooks) }}
  {% set maker = this.get_function_macro_name(this.get_function_config(model)) %}
  {% set find_macro = adapter.dispatch %}
  {% set build_sql = find_macro(maker, 'dbt')(target_relation) %}
  {{ function_execute_build_sql(build_sql, existing_relation, target_relation) }}
  {{ run_hooks(post_hooks) }}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro function_execute_build_sql(build_sql, existing_relation, target_relation) %}
  {{ return(adapter.dispatch('function_execute_build_sql', 'dbt')(build_sql, existing_relation, target_relation)) }}
{% endmacro %}

{% macro default__function_execute_build_sql(build_sql, existing_relation, target_relation) %}
  {% call statement('main') %}{{ '\n        ' ~ build_sql ~ '\n    ' }}{% endcall %}
  {% set revoke = should_revoke(existing_relation, full_refresh_mode=True) %}
  {% do apply_grants(target_relation, config.get('grants'), should_revoke=revoke) %}
  {% do persist_docs(target_relation, model) %}
  {{ adapter.commit() }}
{% endmacro %}
