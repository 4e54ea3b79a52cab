{# Grants: what a relation's privileges should be, against what they are. #}

{% macro copy_grants() %}
  {{ return(adapter.dispatch('copy_grants', 'dbt')()) }}
{% endmacro %}

{# True where a replaced relation keeps its grants. #}
{% macro default__copy_grants() %}{% do return(true) %}{% endmacro %}

{% macro support_multiple_grantees_per_dcl_statement() %}
  {{ return(adapter.dispatch('support_multiple_grantees_per_dcl_statement', 'dbt')()) }}
{% endmacro %}

{% macro default__support_multiple_grantees_per_dcl_statement() %}{% do return(true) %}{% endmacro %}

{# Old grants can only be in the way when the relation existed and was kept, or when copies carry them over. #}
{% macro should_revoke(existing_relation, full_refresh_mode=true) %}
  {% if not existing_relation %}{% do return(false) %}{% endif %}
  {% do return(copy_grants() if full_refresh_mode else true) %}
{% endmacro %}

{% macro get_show_grant_sql(relation) %}
  {{ return(adapter.dispatch('get_show_grant_sql', 'dbt')(relation)) }}
{% endmacro %}

{% macro default__get_show_grant_sql(relation) -%}show grants on {{ relation.render() }}{%- endmacro %}

{% macro get_grant_sql(relation, privilege, grantees) %}
  {{ return(adapter.dispatch('get_grant_sql', 'dbt')(relation, privilege, grantees)) }}
{% endmacro %}

{% macro default__get_grant_sql(relation, privilege, grantees) -%}
  grant {{ privilege }} on {{ relation.render() }} to {{ grantees | join(', ') }}
{%- endmacro %}

{% macro get_revoke_sql(relation, privilege, grantees) %}
  {{ return(adapter.dispatch('get_revoke_sql', 'dbt')(relation, privilege, grantees)) }}
{% endmacro %}

{% macro default__get_revoke_sql(relation, privilege, grantees) -%}
  revoke {{ privilege }} on {{ relation.render() }} from {{ grantees | join(', ') }}
{%- endmacro %}

{% macro get_dcl_statement_list(relation, grant_config, get_dcl_macro) %}
  {{ return(adapter.dispatch('get_dcl_statement_list', 'dbt')(relation, grant_config, get_dcl_macro)) }}
{% endmacro %}

{% macro default__get_dcl_statement_list(relation, grant_config, get_dcl_macro) %}
  {% set statements = [] %}
  {% for privilege, grantees in grant_config.items() if grantees %}
    {% if support_multiple_grantees_per_dcl_statement() %}
      {% do statements.append(get_dcl_macro(relation, privilege, grantees)) %}
    {% else %}
      {% for grantee in grantees %}{% do statements.append(get_dcl_macro(relation, privilege, [grantee])) %}{% endfor %}
    {% endif %}
  {% endfor %}
  {% do return(statements) %}
{% endmacro %}

{% macro call_dcl_statements(dcl_statement_list) %}
  {{ return(adapter.dispatch('call_dcl_statements', 'dbt')(dcl_statement_list)) }}
{% endmacro %}

{% macro default__call_dcl_statements(dcl_statement_list) %}
  {% call statement('grants') -%}
    {% for each in dcl_statement_list -%}{{ each }};
    {% endfor %}
  {%- endcall %}
{% endmacro %}

{% macro apply_grants(relation, grant_config, should_revoke) %}
  {{ return(adapter.dispatch('apply_grants', 'dbt')(relation, grant_config, should_revoke)) }}
{% endmacro %}

{% macro default__apply_grants(relation, grant_config, should_revoke=true) %}
  {% if not grant_config %}{% do return('') %}{% endif %}
  {% set grants = grant_config %}
  {% set revokes = {} %}
  {% if should_revoke %}
    {% set current = adapter.standardize_grants_dict(run_query(get_show_grant_sql(relation))) %}
    {% set grants = diff_of_two_dicts(grant_config, current) %}
    {% set revokes = diff_of_two_dicts(current, grant_config) %}
  {% endif %}
  {% set statements = get_dcl_statement_list(relation, revokes, get_revoke_sql)
                      + get_dcl_statement_list(relation, grants, get_grant_sql) %}
  {% if statements %}{% do call_dcl_statements(statements) %}{% endif %}
{% endmacro %}
