-- How many of the requests that fail at an operation were answered with HTTP 500 or above?
-- from, to: DateTime64, UTC; the window, in whole ten seconds; `to` itself not meant
-- service, operation: String, of the server spans
-- One row.
SELECT sum(Errors) AS errors, sum(ServerErrors) AS server_errors
FROM red
WHERE Time >= {from:DateTime64(6, 'UTC')} AND Time < {to:DateTime64(6, 'UTC')} AND SpanKind = 'Server'
    AND ServiceName = {service:String} AND SpanName = {operation:String}
