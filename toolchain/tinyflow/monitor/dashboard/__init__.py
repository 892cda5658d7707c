"""A local web page of metric rows, and Prometheus' page: from the store only.

token = None if is_loopback(host) else new_token()
with serve(app(store_path, token, host), host, port) as server:
    print(server.url_with_token)
"""

from tinyflow.monitor.dashboard.application import app
from tinyflow.monitor.dashboard.guard import is_loopback, new_token
from tinyflow.monitor.dashboard.history import History
from tinyflow.monitor.dashboard.server import DEFAULT_HOST, DEFAULT_PORT, Server, serve

__all__ = [
    "DEFAULT_HOST",
    "DEFAULT_PORT",
    "History",
    "Server",
    "app",
    "is_loopback",
    "new_token",
    "serve",
]
