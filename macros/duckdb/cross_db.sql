{# The cross-database macros where DuckDB's way is not the default one. #}

{# With the clock held still by STIR_NOW, its time instead of the engine's. #}
{% macro duckdb__current_timestamp() -%}
  {%- set fixed = env_var('STIR_NOW', '') -%}
  {{ "'" ~ fixed ~ "'::timestamptz" if fixed else 'now()' }}
{%- endmacro %}

{% macro duckdb__any_value(expression) -%}arbitrary({{ expression }}){%- endmacro %}

{% macro duckdb__date(year, month, day) -%}make_date({{ year }}, {{ month }}, {{ day }}){%- endmacro %}

{# An interval of one unit, times the number: works for columns too. Weeks and quarters are counted in smaller units. #}
{% macro duckdb__dateadd(datepart, interval, from_date_or_timestamp) -%}
  {%- set number = 'cast(' ~ interval ~ ' as bigint)' -%}
  {%- set unit = datepart | lower -%}
  {%- if unit == 'quarter' -%}
    {%- set number, unit = '(' ~ number ~ ' * 3)', 'month' -%}
  {%- elif unit == 'week' -%}
    {%- set number, unit = '(' ~ number ~ ' * 7)', 'day' -%}
  {%- endif -%}
  {{ '\n\n    (' ~ from_date_or_timestamp ~ ' + ' ~ number ~ ' * interval 1 ' ~ unit ~ ')' }}
{%- endmacro %}

{# Weeks begin on Sunday here, so they are counted from days and days of the week. #}
{% macro duckdb__datediff(first_date, second_date, datepart) -%}
  {%- if datepart == 'week' -%}
    {%- set forward = 'case when ' ~ first_date ~ ' <= ' ~ second_date ~ ' then ' %}
            ({{ datediff(first_date, second_date, 'day') }} // 7 + case
            when date_part('dow', ({{ first_date }})::timestamp) <= date_part('dow', ({{ second_date }})::timestamp) then
                {{ forward }}0 else -1 end
            else
                {{ forward }}1 else 0 end
        end)
    {% else %}
        (date_diff('{{ datepart }}', {{ first_date }}::timestamp, {{ second_date }}::timestamp ))
    {% endif -%}
{%- endmacro %}

{# A quarter is three months: intervals have no quarters. The comment is part of what dbt writes. #}
{% macro duckdb__last_day(date, datepart) -%}
  {%- if datepart == 'quarter' -%}
    {%- set next_quarter = dbt.dateadd('month', '3', dbt.date_trunc('quarter', date)) -%}
    -- duckdb dateadd does not support quarter interval.
    cast(
        {{ dbt.dateadd('day', '-1', next_quarter) }}
        as date)
  {%- else -%}
    {{ dbt.default_last_day(date, datepart) }}
  {%- endif -%}
{%- endmacro %}

{% macro duckdb__generate_series(upper_bound) %}
    select
        generate_series as generated_number
    from generate_series(1, {{ upper_bound }})
{% endmacro %}

{% macro duckdb__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
  {%- set order = order_by_clause or '' -%}
  {%- if limit_num -%}
    list_aggr(
        (array_agg(
            {{ measure }}
            {{ order }}
        ))[1:{{ limit_num }}],
        'string_agg',
        {{ delimiter_text }}
        )
  {%- else %}
    string_agg(
        {{ measure }},
        {{ delimiter_text }}
        {{ order }}
        )
  {%- endif -%}
{%- endmacro %}

{# Counts from the end with a negative number; a part that is not there is null. #}
{% macro duckdb__split_part(string_text, delimiter_text, part_number) %}
    string_split({{ string_text }}, {{ delimiter_text }})[ {{ part_number }} ]
{% endmacro %}
