{# Dates and times. #}
{% macro current_timestamp() -%}{{ return(adapter.dispatch('current_timestamp', 'dbt')()) }}{%- endmacro %}
{% macro default__current_timestamp() -%}
  {{ exceptions.raise_not_implemented('current_timestamp macro not implemented for adapter ' ~ adapter.type()) }}
{%- endmacro %}

{% macro current_timestamp_backcompat() -%}{{ return(adapter.dispatch('current_timestamp_backcompat', 'dbt')()) }}{%- endmacro %}
{% macro default__current_timestamp_backcompat() -%}{{ '\n    current_timestamp::timestamp\n' }}{%- endmacro %}

{% macro current_timestamp_in_utc_backcompat() -%}{{ return(adapter.dispatch('current_timestamp_in_utc_backcompat', 'dbt')()) }}{%- endmacro %}
{% macro default__current_timestamp_in_utc_backcompat() -%}{{ return(current_timestamp_backcompat()) }}{%- endmacro %}

{% macro date(year, month, day) -%}{{ return(adapter.dispatch('date', 'dbt')(year, month, day)) }}{%- endmacro %}
{% macro default__date(year, month, day) -%}
  to_date('{{ modules.datetime.date(year, month, day).isoformat() }}', 'YYYY-MM-DD')
{%- endmacro %}

{% macro date_trunc(datepart, date) -%}{{ return(adapter.dispatch('date_trunc', 'dbt')(datepart, date)) }}{%- endmacro %}
{% macro default__date_trunc(datepart, date) -%}date_trunc('{{ datepart }}', {{ date }}){%- endmacro %}

{% macro dateadd(datepart, interval, from_date_or_timestamp) -%}
  {{ return(adapter.dispatch('dateadd', 'dbt')(datepart, interval, from_date_or_timestamp)) }}
{%- endmacro %}
{% macro default__dateadd(datepart, interval, from_date_or_timestamp) %}

    dateadd(
        {{ datepart }},
        {{ interval }},
        {{ from_date_or_timestamp }}
        )

{% endmacro %}

{% macro datediff(first_date, second_date, datepart) -%}
  {{ return(adapter.dispatch('datediff', 'dbt')(first_date, second_date, datepart)) }}
{%- endmacro %}
{% macro default__datediff(first_date, second_date, datepart) -%}
    datediff(
        {{ datepart }},
        {{ first_date }},
        {{ second_date }}
        )
{%- endmacro %}

{% macro last_day(date, datepart) -%}{{ return(adapter.dispatch('last_day', 'dbt')(date, datepart)) }}{%- endmacro %}
{% macro default__last_day(date, datepart) -%}{{ return(default_last_day(date, datepart)) }}{%- endmacro %}
{# The day before the next period begins. #}
{% macro default_last_day(date, datepart) -%}
  {%- set next_period = dbt.dateadd(datepart, '1', dbt.date_trunc(datepart, date)) -%}
  cast(
        {{ dbt.dateadd('day', '-1', next_period) }}
        as date)
{%- endmacro %}

{% macro get_intervals_between(start_date, end_date, datepart) -%}
  {{ return(adapter.dispatch('get_intervals_between', 'dbt')(start_date, end_date, datepart)) }}
{%- endmacro %}
{% macro default__get_intervals_between(start_date, end_date, datepart) -%}
  {%- call statement('get_intervals_between', fetch_result=true) -%}
    select {{ dbt.datediff(start_date, end_date, datepart) }}
  {%- endcall -%}
  {%- set answer = load_result('get_intervals_between') -%}
  {%- do return(answer['data'][0][0] if answer and answer['data'] else 1) -%}
{%- endmacro %}

{% macro date_spine(datepart, start_date, end_date) -%}
  {{ return(adapter.dispatch('date_spine', 'dbt')(datepart, start_date, end_date)) }}
{%- endmacro %}
{# One row a period, from the first date to the last. The blank lines come from macros that leave some. #}
{% macro default__date_spine(datepart, start_date, end_date) -%}
{%- set column = 'date_' ~ datepart -%}
{%- set count = dbt.get_intervals_between(start_date, end_date, datepart) -%}
{{ '\n\n\n    ' }}


    with rawdata as (

        {{ dbt.generate_series(count) }}

    ),

    all_periods as (

        select (
            {{ dbt.dateadd(datepart, 'row_number() over (order by 1) - 1', start_date) }}
        ) as {{ column }}
        from rawdata

    ),

    filtered as (

        select *
        from all_periods
        where {{ column }} <= {{ end_date }}

    )

    select * from filtered

{% endmacro %}

{% macro get_powers_of_two(upper_bound) -%}{{ return(adapter.dispatch('get_powers_of_two', 'dbt')(upper_bound)) }}{%- endmacro %}
{# How many powers of two are needed to count to the bound. #}
{% macro default__get_powers_of_two(upper_bound) %}
  {% if upper_bound <= 0 %}{% do exceptions.raise_compiler_error('upper bound must be positive') %}{% endif %}
  {% for power in range(1, 100) %}
    {% if upper_bound <= 2 ** power %}{% do return(power) %}{% endif %}
  {% endfor %}
{% endmacro %}

{% macro generate_series(upper_bound) -%}{{ return(adapter.dispatch('generate_series', 'dbt')(upper_bound)) }}{%- endmacro %}
{# The numbers 1 to the bound, as a sum of bits over a cross join: for engines without a series function. #}
{% macro default__generate_series(upper_bound) -%}
  {%- set bits, joined = [], [] -%}
  {%- for i in range(dbt.get_powers_of_two(upper_bound)) -%}
    {%- do bits.append('\n    \n    p' ~ i ~ '.generated_number * power(2, ' ~ i ~ ')\n    ') -%}
    {%- do joined.append('\n    \n    p as p' ~ i ~ '\n    ') -%}
  {%- endfor -%}
{{ '\n\n    \n\n    ' }}with p as (
        select 0 as generated_number union all select 1
    ), unioned as (

    select
{{ bits | join(' + ') }}
    {{ '\n    ' }}+ 1
    as generated_number

    from
{{ joined | join(' cross join ') }}
    {{ '\n\n    ' }})

    select *
    from unioned
    where generated_number <= {{ upper_bound }}
    order by generated_number

{% endmacro %}

{% macro convert_datetime(date_str, date_fmt) %}
  {% do return(modules.datetime.datetime.strptime(date_str | string, date_fmt)) %}
{% endmacro %}

{# All days from one to the other as text; one day without an end. #}
{% macro dates_in_range(start_date_str, end_date_str=none, in_fmt='%Y%m%d', out_fmt='%Y%m%d') %}
  {% set first = convert_datetime(start_date_str, in_fmt) %}
  {% set last = convert_datetime(end_date_str if end_date_str is not none else start_date_str, in_fmt) %}
  {% set days = (last - first).days %}
  {% if days < 0 %}
    {% do exceptions.raise_compiler_error('Partition start date is after the end date: ' ~ start_date_str ~ ' .. ' ~ end_date_str) %}
  {% endif %}
  {% set dates = [] %}
  {% for day in range(days + 1) %}
    {% do dates.append((first + modules.datetime.timedelta(days=day)).strftime(out_fmt)) %}
  {% endfor %}
  {% do return(dates) %}
{% endmacro %}

{# "20240101" or "20240101,20240107". #}
{% macro partition_range(raw_partition_date, date_fmt='%Y%m%d') %}
  {% set ends = (raw_partition_date | string).split(',') %}
  {% if ends | length not in [1, 2] %}
    {% do exceptions.raise_compiler_error('Invalid partition time. Expected format: {Start Date}[,{End Date}]. Got: ' ~ raw_partition_date) %}
  {% endif %}
  {% do return(dates_in_range(ends[0], ends[1] if ends | length == 2 else none, in_fmt=date_fmt)) %}
{% endmacro %}

{% macro py_current_timestring() %}
  {% do return(modules.datetime.datetime.now().strftime('%Y%m%d%H%M%S%f')) %}
{% endmacro %}
