{# The four generic tests. Each is a query for the rows that break the rule. A project replaces one by its default__test_ name, or all
   of it by a test of its own with the name. The blank lines are dbt's: what a test compiles to is compared byte for byte. #}

{% test unique(model, column_name) -%}
  {{ '\n    \n    ' ~ adapter.dispatch('test_unique', 'dbt')(model, column_name) ~ '\n' }}
{%- endtest %}

{% macro default__test_unique(model, column_name) %}

select
    {{ column_name }} as unique_field,
    count(*) as n_records

from {{ model }}
where {{ column_name }} is not null
group by {{ column_name }}
having count(*) > 1

{% endmacro %}

{% test not_null(model, column_name) -%}
  {{ '\n    \n    ' ~ adapter.dispatch('test_not_null', 'dbt')(model, column_name) ~ '\n' }}
{%- endtest %}

{# Failures that are kept are kept with all their columns. #}
{% macro default__test_not_null(model, column_name) %}
{%- set what = '*' if should_store_failures() else column_name %}
{{ '\n\n' }}
select {{ what }}
from {{ model }}
where {{ column_name }} is null

{% endmacro %}

{% test accepted_values(model, column_name, values, quote=True) -%}
  {{ '\n    \n    ' ~ adapter.dispatch('test_accepted_values', 'dbt')(model, column_name, values, quote) ~ '\n' }}
{%- endtest %}

{% macro default__test_accepted_values(model, column_name, values, quote=True) %}
{%- set literals = [] -%}
{%- for value in values -%}{%- do literals.append("'" ~ value ~ "'" if quote else value) -%}{%- endfor %}

with all_values as (

    select
        {{ column_name }} as value_field,
        count(*) as n_records

    from {{ model }}
    group by {{ column_name }}

)

select *
from all_values
where value_field not in (
    {{ literals | join(',') }}
)

{% endmacro %}

{% test relationships(model, column_name, to, field) -%}
  {{ '\n    \n    ' ~ adapter.dispatch('test_relationships', 'dbt')(model, column_name, to, field) ~ '\n' }}
{%- endtest %}

{% macro default__test_relationships(model, column_name, to, field) %}

with child as (
    select {{ column_name }} as from_field
    from {{ model }}
    where {{ column_name }} is not null
),

parent as (
    select {{ field }} as to_field
    from {{ to }}
)

select
    from_field

from child
left join parent
    on child.from_field = parent.to_field

where parent.to_field is null

{% endmacro %}
