"""What the server answers, by real requests."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import pytest
import seeded_store
from web_client import events, get

from tinyflow.errors import ProjectError
from tinyflow.monitor import Store, dashboard
from tinyflow.monitor.dashboard import connection, exposition, questions

ESP32 = {"run": seeded_store.RUN, "board": "esp32", "device": "/dev/ttyUSB0"}


def test_the_page_and_all_it_loads(server: dashboard.Server) -> None:
    page = get(server.port, "/")
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    scripts = [part.split('"')[0] for part in page.text.split('src="')[1:]]
    assert "/d3.js" in scripts
    for path in [*scripts, "/static/style.css", "/static/charts.css", "/static/icon.svg"]:
        assert get(server.port, path).status == 200, path
    assert "Mike Bostock" in get(server.port, "/d3-licence.txt").text
    assert "<script>" not in page.text
    assert "style=" not in page.text


def test_a_file_that_is_known_is_not_sent_again(server: dashboard.Server) -> None:
    first = get(server.port, "/d3.js")
    again = get(server.port, "/d3.js", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")


def test_who_does_not_finish_a_request_is_let_go_and_who_follows_events_is_not(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LOOK_SECONDS", 0.02)
    with (
        dashboard.serve(dashboard.app(store), port=0) as running,
        events(running.port) as stream,
    ):
        for part in (
            b"",
            b"GET / HTTP/1.1\r\nHost: local",
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET",
        ):
            with socket.create_connection(("127.0.0.1", running.port), timeout=20) as held:
                held.sendall(part)
                with contextlib.suppress(ConnectionResetError):
                    while held.recv(65536):
                        pass
        assert next(stream)[1] == "rows"
        assert get(running.port, "/api/series").status == 200


def test_every_answer_keeps_strangers_out(server: dashboard.Server) -> None:
    for path in ("/", "/d3.js", "/api/series", "/metrics", "/none"):
        headers = get(server.port, path).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers
        assert "server" not in headers


def test_boards_and_their_figures(server: dashboard.Server) -> None:
    found = get(server.port, "/api/series").json
    assert [item["board"] for item in found["series"]][:3] == ["stm32f405", "qemu-m4", "esp32"]
    board = get(server.port, "/api/board", ESP32).json
    assert board["document"]["labels"] == seeded_store.LABELS
    assert board["last"] - board["first"] == 300
    latest = {name: (where, unit) for name, where, _, unit, _ in board["latest"]}
    assert latest["latency_us_p99"] == ("device", "us")


def test_history_is_thinned_out_and_cut(server: dashboard.Server) -> None:
    asked = {**ESP32, "names": "throughput,none", "points": 10, "seconds": 60}
    found = get(server.port, "/api/history", asked).json
    assert found["end"] - found["start"] == 60
    assert 10 <= len(found["series"]["throughput"]) <= 11
    assert found["series"]["none"] == []
    whole = get(server.port, "/api/history", {**ESP32, "names": "throughput"}).json
    assert len(whole["series"]["throughput"]) == 61
    drifting = {"run": seeded_store.RUN, "board": "stm32f405", "device": "3071355F3432"}
    marks = get(server.port, "/api/marks", drifting).json["marks"]
    assert {"reset", "alert"} == {mark["kind"] for mark in marks}


@pytest.mark.parametrize(
    ("path", "query", "says"),
    [
        ("/api/board", "", "run is missing"),
        ("/api/board", {"run": "x" * 201, "board": "b"}, "201 characters"),
        ("/api/board", {"run": "\0", "board": "b"}, "cannot be printed"),
        ("/api/history", {**ESP32}, "names has 0"),
        ("/api/history", {**ESP32, "names": ",".join(map(str, range(41)))}, "names has 41"),
        ("/api/history", {**ESP32, "names": "x" * 300}, "300 characters"),
        ("/api/history", {**ESP32, "names": "x", "points": "1001"}, "from 1 to 1000"),
        ("/api/history", {**ESP32, "names": "x", "points": "9" * 5000}, "from 1 to 1000"),
        ("/api/history", {**ESP32, "names": "x", "points": "٣"}, "from 1 to 1000"),
        ("/api/history", {**ESP32, "names": "x", "from": "nan"}, "must be a number"),
        ("/api/history", {**ESP32, "names": "x", "to": "inf"}, "must be a number"),
        ("/api/history", {**ESP32, "names": "x", "from": "1e400"}, "must be a number"),
        ("/api/history", {**ESP32, "names": "x", "seconds": "-1"}, "must be a number"),
        ("/api/history", {**ESP32, "names": "x", "from": 5, "to": 4}, "after to"),
        ("/events", {"after": "-1"}, "whole number"),
        ("/events", {"after": "1" * 4000}, "whole number"),
    ],
)
def test_hostile_questions_are_refused(
    server: dashboard.Server, path: str, query: dict[str, object] | str, says: str
) -> None:
    answer = get(server.port, path, query)
    assert answer.status == 400
    assert says in answer.json["what"]


def test_what_looks_like_sql_is_only_a_text(server: dashboard.Server) -> None:
    odd = {"run": "' OR 1 --", "board": "esp32", "names": "x'); DROP TABLE metric; --"}
    answer = get(server.port, "/api/history", odd)
    assert answer.status == 200
    assert list(answer.json["series"].values()) == [[]]
    assert get(server.port, "/api/series").json["last"] > 0


@pytest.mark.parametrize(
    "path", ["/static/../main.js", "/static/%2e%2e/x", "//etc/passwd", "/static"]
)
def test_what_is_no_page_is_nowhere(server: dashboard.Server, path: str) -> None:
    assert get(server.port, path).status == 404


def test_only_reading_is_possible(server: dashboard.Server) -> None:
    assert get(server.port, "/api/series", method="POST").status == 405
    assert get(server.port, "/", method="DELETE").status == 405
    assert get(server.port, "/", method="HEAD").body == b""


def test_a_query_without_end_is_refused(server: dashboard.Server) -> None:
    assert get(server.port, "/api/series", "x" * (questions.MAX_QUERY + 1)).status == 414


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:80", "", "a b", "[evil]"])
def test_a_foreign_name_that_leads_here_is_refused(server: dashboard.Server, host: str) -> None:
    answer = get(server.port, "/api/series", Host=host)
    assert answer.status in (400, 421)
    assert b"run" not in answer.body


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:99", "LOCALHOST", "[::1]:80", "10.0.0.7"])
def test_names_and_addresses_of_this_machine_are_known(server: dashboard.Server, host: str) -> None:
    assert get(server.port, "/api/series", Host=host).status == 200


def test_a_page_of_another_site_may_lead_here_but_not_ask(server: dashboard.Server) -> None:
    other = {"Sec_Fetch_Site": "cross-site"}
    assert get(server.port, "/api/series", **other, Sec_Fetch_Mode="no-cors").status == 403
    assert get(server.port, "/", **other, Sec_Fetch_Mode="navigate").status == 200


def test_the_token_lets_in_by_address_cookie_and_header(store: Path) -> None:
    token = dashboard.new_token()
    assert len(token) >= 32
    with dashboard.serve(dashboard.app(store, token), port=0) as server:
        assert server.url_with_token == f"http://127.0.0.1:{server.port}/?token={token}"
        for path in ("/", "/d3.js", "/api/series", "/events", "/metrics", "/none"):
            locked = get(server.port, path)
            assert locked.status == 401, path
            assert token not in locked.text
        first = get(server.port, "/", {"token": token})
        assert (first.status, first.headers["location"]) == (303, "/")
        cookie = first.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        pair = cookie.split(";")[0]
        assert get(server.port, "/api/series", Cookie=pair).status == 200
        assert get(server.port, "/metrics", Authorization=f"Bearer {token}").status == 200
        for wrong in (token[:-1], token + "x", "", "é", "x" * 5000):
            assert get(server.port, "/", {"token": wrong}).status == 401
            quoted = wrong.encode().decode("latin-1")
            assert get(server.port, "/metrics", Authorization=f"Bearer {quoted}").status == 401
            assert get(server.port, "/", Cookie=f"{pair.split('=')[0]}={quoted}").status == 401


def test_prometheus_gets_boards_that_are_alive(
    server: dashboard.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = get(server.port, "/metrics")
    assert stale.status == 200
    assert stale.body == b""
    monkeypatch.setattr(exposition, "STALE_SECONDS", 1e10)
    fresh = get(server.port, "/metrics")
    assert fresh.headers["content-type"] == exposition.CONTENT_TYPE
    assert 'tinyflow_throughput{board="esp32",device="/dev/ttyUSB0"' in fresh.text


def test_a_store_that_comes_later_or_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "metrics.sqlite"
    with dashboard.serve(dashboard.app(path), port=0) as server:
        missing = get(server.port, "/api/series")
        assert missing.status == 503
        assert "is not there" in missing.json["what"]
        assert get(server.port, "/metrics").status == 503
        Store(path).close()
        assert get(server.port, "/api/series").json["series"] == []
        path.write_bytes(b"this is a diary" * 1000)
        assert "damaged" in get(server.port, "/api/series").json["what"]


def test_a_port_that_is_taken_is_told(server: dashboard.Server, store: Path) -> None:
    with pytest.raises(ProjectError, match=f"port {server.port} of 127.0.0.1 is taken") as caught:
        dashboard.serve(dashboard.app(store), port=server.port)
    assert "hint: port 0" in str(caught.value)
    with pytest.raises(ProjectError, match="no address of this machine"):
        dashboard.serve(dashboard.app(store, "t"), "no host", 0)


def test_others_are_not_served_without_a_token(store: Path) -> None:
    with pytest.raises(ValueError, match="needs a token"):
        dashboard.serve(dashboard.app(store), "0.0.0.0", 0)
    assert [dashboard.is_loopback(host) for host in ("127.0.0.1", "::1", "localhost")] == [True] * 3
    assert not any(map(dashboard.is_loopback, ("0.0.0.0", "::", "10.0.0.1", "pi.local", "")))
