{# The cross-database macros where PostgreSQL's way is not the default one. #}

{# With the clock held still by STIR_NOW, its time instead of the engine's. #}
{% macro postgres__current_timestamp() -%}
  {%- set fixed = env_var('STIR_NOW', '') -%}
  {{ "'" ~ fixed ~ "'::timestamptz" if fixed else 'now()' }}
{%- endmacro %}

{% macro postgres__current_timestamp_backcompat() -%}{{ '\n    current_timestamp::' ~ type_timestamp() ~ '\n' }}{%- endmacro %}

{% macro postgres__current_timestamp_in_utc_backcompat() -%}
  {{ "\n    (current_timestamp at time zone 'utc')::" ~ type_timestamp() ~ '\n' }}
{%- endmacro %}

{# PostgreSQL has it since 16 only; the least value is some value too. #}
{% macro postgres__any_value(expression) -%}min({{ expression }}){%- endmacro %}

{% macro postgres__dateadd(datepart, interval, from_date_or_timestamp) %}

    {{ from_date_or_timestamp }} + ((interval '1 {{ datepart }}') * ({{ interval }}))

{% endmacro %}

{# Years, quarters and months by the parts of the dates, days by subtraction, and what is smaller than a day from the next greater
   part. Weeks begin on Sunday. #}
{% macro postgres__datediff(first_date, second_date, datepart) -%}
  {%- set first, second = '(' ~ first_date ~ ')::', '(' ~ second_date ~ ')::' -%}
  {%- set of = {'quarter': ('year', '4', 'date'), 'month': ('year', '12', 'date'), 'hour': ('day', '24', 'timestamp'),
                'minute': ('hour', '60', 'timestamp'), 'second': ('minute', '60', 'timestamp'),
                'millisecond': ('minute', '60000', 'timestamp'), 'microsecond': ('minute', '60000000', 'timestamp')} -%}
  {%- if datepart == 'year' -%}
    {%- set difference = "(date_part('year', " ~ second ~ "date) - date_part('year', " ~ first ~ 'date))' -%}
  {%- elif datepart == 'day' -%}
    {%- set difference = '(' ~ second ~ 'date - ' ~ first ~ 'date)' -%}
  {%- elif datepart == 'week' -%}
    {%- set forward = 'case when ' ~ first_date ~ ' <= ' ~ second_date ~ ' then ' -%}
    {%- set difference -%}
    ({{ datediff(first_date, second_date, 'day') }} / 7 + case
            when date_part('dow', {{ first }}timestamp) <= date_part('dow', {{ second }}timestamp) then
                {{ forward }}0 else -1 end
            else
                {{ forward }}1 else 0 end
        end)
    {%- endset -%}
  {%- elif datepart in of -%}
    {%- set greater, factor, type = of[datepart] -%}
    {%- set whole = 'floor(' if datepart in ['second', 'millisecond', 'microsecond'] else '' -%}
    {%- set part = whole ~ "date_part('" ~ datepart ~ "', " -%}
    {%- set end = type ~ '))' if whole else type ~ ')' -%}
    {%- set difference = '(' ~ datediff(first_date, second_date, greater) ~ ' * ' ~ factor ~ ' + ' ~ part ~ second ~ end
        ~ ' - ' ~ part ~ first ~ end ~ ')' -%}
  {%- else -%}
    {%- do exceptions.raise_compiler_error("Unsupported datepart for macro datediff in postgres: '" ~ datepart ~ "'") -%}
  {%- endif -%}
  {{ '\n        ' ~ difference ~ '\n    ' }}
{%- endmacro %}

{% macro postgres__equals(expr1, expr2) -%}
  {%- if adapter.behavior.enable_truthy_nulls_equals_macro.no_warn -%}
    {{ '\n    (' ~ expr1 ~ ' IS NOT DISTINCT FROM ' ~ expr2 ~ ')' }}
  {%- else -%}
    ({{ expr1 }} = {{ expr2 }})
  {%- endif -%}
{%- endmacro %}

{# A quarter is three months: intervals have no quarters. The comment is part of what dbt writes. #}
{% macro postgres__last_day(date, datepart) -%}
  {%- if datepart == 'quarter' -%}
    {%- set next_quarter = dbt.dateadd('month', '3', dbt.date_trunc('quarter', date)) -%}
    -- postgres dateadd does not support quarter interval.
    cast(
        {{ dbt.dateadd('day', '-1', next_quarter) }}
        as date)
  {%- else -%}
    {{ dbt.default_last_day(date, datepart) }}
  {%- endif -%}
{%- endmacro %}

{% macro postgres__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
  {%- set order = order_by_clause or '' -%}
  {%- if limit_num -%}
    array_to_string(
        (array_agg(
            {{ measure }}
            {{ order }}
        ))[1:{{ limit_num }}],
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

{# A negative number counts from the end. #}
{% macro postgres__split_part(string_text, delimiter_text, part_number) -%}
  {{ '\n\n  \n    ' ~ (dbt.default__split_part if part_number >= 0 else dbt._split_part_negative)(string_text, delimiter_text, part_number) ~ '\n  \n\n' }}
{%- endmacro %}
