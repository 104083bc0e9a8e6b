"""Customers in addresses: their ids are opaque text, with slashes and line breaks in it."""

from starlette.convertors import PathConvertor, register_url_convertor

CUSTOMER = "{customer:opaque}"
"""The rest of an address, whatever stands in it."""


class Opaque(PathConvertor):
    """A path's own ends at a line break."""

    regex = "(?s:.*)"


register_url_convertor("opaque", Opaque())
