-- How much has been heard of a service, judged by when data arrived?
-- from, to: DateTime64, UTC; the time, to the minute; `to` itself not meant
-- service: String, empty for any
-- One row: the spans that arrived.
SELECT sum(Spans) AS spans
FROM arrivals
WHERE Minute >= {from:DateTime64(6, 'UTC')} AND Minute < {to:DateTime64(6, 'UTC')}
    AND ({service:String} = '' OR ServiceName = {service:String})
