"""Every setting, where it comes from, and what a wrong one gets."""

import contextlib
import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.configuration import SettingsError, load
from triage.setting_types import READERS, Address, LogLevel, Part, read_size, write_size
from triage.settings import Settings, table
from triage.settings_page import page
from triage.tables import counterparts

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def from_file(text: str) -> Settings:
    Path("triage.toml").write_text(text, "utf-8")
    return load()


def test_the_docs_are_made_from_the_table() -> None:
    """docs/settings.md is what triage.settings_page prints."""
    assert (ROOT / "docs/settings.md").read_text("utf-8") == page()


def test_every_setting_is_read() -> None:
    """None promises what nothing looks at."""
    source = "".join(path.read_text("utf-8") for path in (ROOT / "triage").rglob("*.py"))
    assert [row.name for row in table() if not re.search(rf"(settings|self)\.{row.name}\b", source)] == []


def test_help_says_which_settings_are_files() -> None:
    """Whoever reads `--runbook` need not guess whether a text or a file's name is wanted."""
    assert {row.name for row in table() if row.metavar == "FILE"} == {"runbook", "kpis", "kafka_properties"}


def test_every_default_is_read_back_from_its_text() -> None:
    """What help and docs show as the default can be written in the file and means the same."""
    assert load({row.name: row.default for row in table()}) == Settings() == load()


def test_the_contract_s_defaults_hold() -> None:
    """Data, listeners and the service that is asked are where the contract says."""
    settings = load()
    assert settings.data == Path("triage-data")
    assert (str(settings.otlp_grpc), str(settings.otlp_http)) == ("127.0.0.1:4317", "127.0.0.1:4318")
    assert (str(settings.web), settings.url) == ("127.0.0.1:8080", "http://127.0.0.1:8080")
    assert settings.customer_keys == ("customer.id", "user.id", "enduser.id", "app.customer.id")


def test_the_command_line_goes_before_the_environment_and_that_before_the_file() -> None:
    """Each source is asked only for what the ones before it left open."""
    Path("triage.toml").write_text('database = "file"\nhandles = 2\nsegment_age = "1s"\n', "utf-8")
    settings = load({"database": "flag"}, {"TRIAGE_DATABASE": "environment", "TRIAGE_HANDLES": "3"})
    assert (settings.database, settings.handles, settings.segment_age) == ("flag", 3, timedelta(seconds=1))


def test_every_type_is_read_from_a_file() -> None:
    """Texts, numbers and lists of texts."""
    settings = from_file("""
        data = "/var/lib/triage"
        otlp_http = "[::1]:14318"
        only = ["web", "collect"]
        customer_keys = ["shopper", "user.id"]
        partners = "psp, wms"
        retention_logs = "2w"
        max_body = "2MB"
        max_memory = "512MiB"
        log_level = "WARNING"
        base_url = "https://triage.shop.example/"
    """)
    assert settings.data == Path("/var/lib/triage")
    assert settings.otlp_http == Address("::1", 14318)
    assert str(settings.otlp_http) == "[::1]:14318"
    assert settings.only == (Part.WEB, Part.COLLECT)
    assert (settings.customer_keys, settings.partners) == (("shopper", "user.id"), ("psp", "wms"))
    assert settings.retention_logs == timedelta(days=14)
    assert (settings.max_body, settings.max_memory) == (2_000_000, 512 << 20)
    assert settings.log_level is LogLevel.WARNING
    assert settings.base_url == "https://triage.shop.example"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("custmer_keys = []", "triage.toml: custmer_keys: there is no such setting; the nearest is customer_keys"),
        ("zzz = 1", "triage.toml: zzz: there is no such setting; the nearest is "),
        ("data", "triage.toml is no TOML: "),
        ("[data]\ndir = 1", "triage.toml: data: write a text, a number or a list of texts; there are no sections"),
        ("watch_every = '0s'", "watch_every: 0s is not within 1s to 5m"),
        ("query_time_limit = '2h'", "query_time_limit: 2h is not within 1s to 1h"),
        ("retention_traces = '99999999d'", "retention_traces: 99999999d is longer than 36500d"),
        ("partners = [1]", "triage.toml: partners: write a text, a number or a list of texts"),
        ("handles = true", "triage.toml: handles: write a text"),
        ("handles = 0", "triage.toml: handles: '0' is no whole number from 1 up"),
        ("handles = 1.5", "triage.toml: handles: '1.5' is no whole number from 1 up"),
        ('web = "8080"', "triage.toml: web: '8080' is no address: write HOST:PORT"),
        ('web = "h:70000"', "is no address"),
        ('segment_age = "5"', "segment_age: '5' is no duration"),
        ('max_body = "many"', "max_body: 'many' is no size"),
        ('max_body = "0B"', "max_body: '0B' is no size"),
        ("max_body = 64", "max_body: '64' is no size: write a number and its unit"),
        ('max_body = "64B"', "max_body: 64B is less than 1MiB"),
        ('max_body = "2GiB"', "max_body: 2GiB is more than 2047MiB"),
        ('max_memory = "2MB"', "max_memory: 2MB is less than 64MB"),
        ('only = "web,cook"', "only: 'cook' is none of collect, watch, web"),
        ('log_level = "loud"', "log_level: 'loud' is none of debug, info, warning, error"),
        ('base_url = "triage.shop"', "base_url: is no address that starts with http"),
        ('base_url = "https://t.example/?a=b"', "base_url: links go on where it ends, so it may hold no ? and no #"),
        ('base_url = "https://t.example/#now"', "base_url: links go on where it ends, so it may hold no ? and no #"),
        ('kafka_bootstrap_servers = "k:9093"', "kafka_topics: name the topics of row changes"),
        ('slack_bot_token = "xoxb-1"', "slack_channel: name the channel that the bot writes to"),
        ('slack_channel = "C1"', "slack_bot_token: only a bot writes to slack_channel: set its token"),
        (
            'slack_webhook_url = "https://hooks.example/x"\nslack_signing_secret = "x"',
            "slack_bot_token: only a bot's messages have buttons to sign: set its token",
        ),
        ('database = "otel; DROP"', "database: 'otel; DROP' is no name"),
        ("customer_keys = []", "customer_keys: name at least one attribute"),
        ('data = ""', "data: is empty"),
        ('data = "~nosuchuser/x"', "data: '~nosuchuser/x' is no path: there is no such home directory"),
        ('kpis = "~nosuchuser/x"', "kpis: '~nosuchuser/x' is no path: there is no such home directory"),
        ('runbook = "a\\u0000b"', "runbook: 'a\\x00b' is no path: no name may hold a null byte"),
        ('url = "http://a..b:8080"', "url: is no address that starts with http"),
        (f'url = "http://{"a" * 64}:8080"', "url: is no address that starts with http"),
        ('web = "a..b:8090"', "web: 'a..b:8090' is no address: write HOST:PORT"),
        ('web = "a\\u0000b:8090"', "web: 'a\\x00b:8090' is no address: write HOST:PORT"),
        ('web = "127.0.0.1:4318"', "web: port 4318 is otlp_http's already"),
        ('retention_logs = "36h"', "retention_logs: 1d12h is no number of whole days, such as 14d"),
        ('retention_traces = "0s"', "retention_traces: 0s is no number of whole days"),
        (f"order_keys = {[f'k{n}' for n in range(20)]}", "order_keys: name at most 19 attributes"),
        ('token = "with space"', "token: it may only hold"),
    ],
)
def test_a_wrong_setting_is_told_in_a_sentence(text: str, sentence: str) -> None:
    """The sentence says which setting, where it stands, and what would be right."""
    with pytest.raises(SettingsError) as caught:
        from_file(text)
    assert sentence in str(caught.value)


def test_blanks_around_a_value_count_for_nothing() -> None:
    """As a secret has them that was copied, or read from a file."""
    copied = {"TRIAGE_SLACK_WEBHOOK_URL": " https://hooks.example/s ", "TRIAGE_SLACK_BOT_TOKEN": "xoxb-1\n"}
    settings = load({"slack_channel": "C1"}, copied | {"TRIAGE_TOKEN": "\ts3cret\r\n", "TRIAGE_HANDLES": " 2"})
    assert settings.slack_webhook_url == "https://hooks.example/s"
    assert (settings.slack_bot_token, settings.token, settings.handles) == ("xoxb-1", "s3cret", 2)


def test_an_unknown_variable_names_the_nearest() -> None:
    """In the environment's spelling."""
    with pytest.raises(SettingsError, match=r"^TRIAGE_TOKN: .* the nearest is TRIAGE_TOKEN$"):
        load(environ={"TRIAGE_TOKN": "x"})


def test_variables_that_others_set_are_left_alone() -> None:
    """Kubernetes' for a service called triage, the tests' own, and those of other programs."""
    others = ("TRIAGE_SERVICE_HOST", "TRIAGE_PORT", "TRIAGE_PORT_8080_TCP_ADDR", "TRIAGE_WEB_SERVICE_PORT_HTTP")
    assert load(environ=dict.fromkeys((*others, "TRIAGE_TEST_CLICKHOUSE", "HOME"), "x")) == Settings()


def test_a_file_that_is_named_must_be_there() -> None:
    """On the command line or as TRIAGE_CONFIG; the default one may be absent."""
    with pytest.raises(SettingsError, match=r"^absent.toml cannot be read: No such file"):
        load(file=Path("absent.toml"))
    Path("other.toml").write_text("handles = 7", "utf-8")
    assert load(environ={"TRIAGE_CONFIG": "other.toml"}).handles == 7


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "192.168.1.2", "triage.shop.example"])
@pytest.mark.parametrize("listener", ["web", "otlp_grpc", "otlp_http"])
def test_a_listener_beyond_loopback_needs_a_token(host: str, listener: str) -> None:
    """Without one the program refuses to start, and says how to go on."""
    open_to_all = {f"TRIAGE_{listener.upper()}": f"{host}:9000"}
    with pytest.raises(SettingsError, match=rf"^{listener}: .*set TRIAGE_TOKEN, or listen on 127\.0\.0\.1$"):
        load(environ=open_to_all)
    assert load(environ=open_to_all | {"TRIAGE_TOKEN": "secret"}).token == "secret"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "[::1]", "localhost"])
def test_a_listener_on_loopback_needs_none(host: str) -> None:
    """This machine's own programs may send and ask without a token."""
    assert load({"web": f"{host}:9000"}).web.is_loopback


def test_only_the_listeners_that_run_need_a_token() -> None:
    """`--only collect` opens no web listener."""
    assert load({"web": "0.0.0.0:80", "only": "collect"}).listeners().keys() == {"otlp_grpc", "otlp_http"}


def test_what_only_takes_the_buttons_presses_needs_no_bot() -> None:
    """Where the parts run apart, the web listener proves who pressed, and the watch alone writes."""
    assert load({"only": "web"}, {"TRIAGE_SLACK_SIGNING_SECRET": "x"}).slack_signing_secret == "x"


def test_help_says_how_tables_of_two_systems_are_paired() -> None:
    """Every form that it shows is one that is taken."""
    told = next(row.help for row in table() if row.name == "row_counterparts")
    forms = re.findall(r"[A-Z.]+=[A-Z.]+", told)
    assert forms
    pairs = counterparts(load({"row_counterparts": ",".join(forms)}))
    assert [pair.left_table for pair in pairs] == ["SCHEMA.TABLE", "SCHEMA.TABLE"]


def test_secrets_are_not_shown() -> None:
    """Neither where settings are printed, nor in a sentence about a wrong one, nor as an option."""
    secret = "s3cr3t"
    environ = {row.variable: secret for row in table() if row.secret and row.type is str}
    assert secret not in repr(load({"slack_channel": "C1"}, environ))
    assert "TRIAGE_SLACK_SIGNING_SECRET" in environ
    with pytest.raises(SettingsError) as caught:
        load(environ={"TRIAGE_CLICKHOUSE": f"tcp://me:{secret}@db:9000"})
    assert secret not in str(caught.value)
    assert "clickhouse" in str(caught.value).lower()
    assert not [row.name for row in table() if row.has_flag and ("token" in row.name or "secret" in row.name)]


@given(st.integers(min_value=1, max_value=1 << 50))
def test_a_size_that_is_written_is_read_back(size: int) -> None:
    """In the largest unit that divides it."""
    assert read_size(write_size(size)) == size


@given(st.sampled_from([*READERS]), st.text())
def test_any_text_is_a_value_or_a_sentence(kind: object, text: str) -> None:
    """No reader brings anything but its value or a ValueError."""
    with contextlib.suppress(ValueError):
        READERS[kind].read(text)
