-- A test fails when it finds rows.
select *
from {{ ref('daily_sales') }}
where amount <= 0
