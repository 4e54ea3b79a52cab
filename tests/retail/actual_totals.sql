-- The same table from the warehouse that the pipeline filled.
select 'accepted' as kind, region, sale_date::varchar as day, '' as reason, count(*) as rows, sum(quantity) as items, sum(total_amount) as amount from fct_sales group by all
union all
select 'rejected', region, sale_date::varchar, reject_reason, count(*), sum(quantity), sum(total_amount) from sales_rejected group by all
union all
select 'misfit', 'us_west', '', '', count(*), null, null from sales.us_west__quarantine
union all
select 'misfit', 'europe', '', '', count(*), null, null from sales.europe__quarantine
order by all
