"""Certificates, users and least privilege, on real nodes with TLS; no secret in an error or a log."""

import logging
from collections.abc import Iterator

import pytest

from bachata_assets.search import SearchIndex, open_index
from bachata_assets.search.elasticsearch.client import warn_once
from bachata_assets.search.errors import (
    SearchAccessError,
    SearchCertificateError,
    SearchError,
    SearchUnavailableError,
)
from bachata_assets.settings import Settings
from bachata_assets_tests.support.documents import document, documents
from bachata_assets_tests.support.elasticsearch_node import Node
from bachata_assets_tests.support.fault_proxy import FaultProxy


@pytest.fixture
def settings(secured_node: Node, alias: str) -> Iterator[Settings]:
    """Settings of the superuser."""
    yield secured_node.settings(elasticsearch_index=alias)
    secured_node.delete_indices(alias)


def as_user(node: Node, alias: str, name: str) -> Settings:
    """Settings of one of the users with privileges on the tests' indices alone."""
    return node.settings(elasticsearch_index=alias, elasticsearch_username=name)


def test_a_verified_connection_works(settings: Settings) -> None:
    with open_index(settings, fingerprint="a") as index:
        assert [result.error for result in index.put(documents(5))] == [None] * 5
        assert index.promote().live
    assert len(SearchIndex.from_settings(settings).find_similar("clip_0000")) == 4


def test_a_certificate_of_an_unknown_authority_is_refused(secured_node: Node) -> None:
    settings = secured_node.settings(elasticsearch_ca_certs=None)
    with pytest.raises(SearchCertificateError, match=r"not trusted.*set ELASTICSEARCH_CA_CERTS"):
        open_index(settings, fingerprint="a").put([document("clip")])


@pytest.mark.filterwarnings("error")
def test_verification_can_be_turned_off_with_one_warning(
    secured_node: Node, alias: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    warn_once.cache_clear()
    unverified = {"elasticsearch_verify_certs": False, "elasticsearch_ca_certs": None}
    careless = secured_node.settings(elasticsearch_index=alias, **unverified)
    with open_index(careless, fingerprint="a") as index:
        index.put([document("clip")])
        assert index.ids() == {"clip"}
    with SearchIndex.from_settings(careless) as again, pytest.raises(SearchError):
        again.count()
    warnings = [record.getMessage() for record in caplog.records if "VERIFY_CERTS" in record.getMessage()]
    assert len(warnings) == 1
    assert "so any server would be accepted" in warnings[0]


def test_http_to_a_node_that_speaks_https_is_explained(secured_node: Node) -> None:
    with pytest.raises(SearchUnavailableError, match=r"correct .*ELASTICSEARCH_USE_SSL"):
        open_index(secured_node.settings(elasticsearch_use_ssl=False), fingerprint="a").count()


def test_https_to_a_node_that_speaks_http_is_explained(elasticsearch_node: Node) -> None:
    with pytest.raises(SearchCertificateError, match="does not speak https: set ELASTICSEARCH_USE_SSL=false"):
        open_index(elasticsearch_node.settings(elasticsearch_use_ssl=True), fingerprint="a").count()


def test_a_wrong_password_is_named_but_not_shown(secured_node: Node, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    settings = secured_node.settings(elasticsearch_password="not-the-secret")
    with pytest.raises(SearchAccessError, match="refuses user 'tester' or the password: correct") as caught:
        open_index(settings, fingerprint="a").put([document("clip")])
    assert "not-the-secret" not in f"{caught.value} {caught.value.__cause__!r} {caplog.text} {settings!r}"
    with pytest.raises(SearchAccessError, match="refuses user 'tester'"):
        SearchIndex.from_settings(settings).count()


def test_nobody_in_particular_is_asked_who_he_is(secured_node: Node) -> None:
    settings = secured_node.settings(elasticsearch_username=None, elasticsearch_password=None)
    with pytest.raises(SearchAccessError, match="requires a login: set ELASTICSEARCH_USERNAME"):
        SearchIndex.from_settings(settings).count()


def test_a_wrong_api_key_is_not_shown(secured_node: Node, alias: str) -> None:
    nobody = {"elasticsearch_username": None, "elasticsearch_password": None}
    wrong = secured_node.settings(**nobody, elasticsearch_api_key="bm90OmFrZXk=")
    with pytest.raises(SearchAccessError, match="refuses the API key: correct ELASTICSEARCH_API_KEY") as caught:
        SearchIndex.from_settings(wrong).count()
    assert "bm90OmFrZXk" not in f"{caught.value} {caught.value.__cause__!r}"


def test_an_api_key_is_sent_instead_of_a_user(elasticsearch_node: Node, alias: str) -> None:
    with FaultProxy(elasticsearch_node.port, []) as proxy:
        keyed = {"elasticsearch_port": proxy.port, "elasticsearch_api_key": "bm90OmFrZXk="}
        settings = elasticsearch_node.settings(elasticsearch_index=alias, **keyed)
        with open_index(settings, fingerprint="a") as index:
            index.put([document("clip")])
            assert index.count() == 1
        assert proxy.authorizations == {"ApiKey bm90OmFrZXk="}
    elasticsearch_node.delete_indices(alias)


@pytest.fixture
def keyed(secured_node: Node, alias: str, settings: Settings) -> Iterator[Settings]:
    """Settings of an API key that the node made, with the privileges of a pipeline on the tests' indices alone."""
    granted = {"moves": {"indices": [{"names": ["moves-*"], "privileges": ["read", "write", "manage"]}]}}
    with secured_node.client() as client:
        key = client.security.create_api_key(name=alias, role_descriptors=granted)
        nobody = {"elasticsearch_username": None, "elasticsearch_password": None}
        yield secured_node.settings(elasticsearch_index=alias, **nobody, elasticsearch_api_key=key["encoded"])
        client.security.invalidate_api_key(name=alias)


def test_an_api_key_of_the_node_can_do_everything_with_its_indices(keyed: Settings) -> None:
    with open_index(keyed, fingerprint="a") as old, open_index(keyed, fingerprint="b") as new:
        assert [result.error for result in old.put(documents(5))] == [None] * 5
        assert old.promote().live
        new.put(documents(5))
        assert new.promote().replaced == old.version
        assert new.prune() == [old.version, old.moments.version]
        assert len(SearchIndex.from_settings(keyed).find_similar("clip_0000")) == 4


def test_an_api_key_reaches_no_other_index(keyed: Settings) -> None:
    other = keyed.model_copy(update={"elasticsearch_index": "others-moves"})
    with open_index(other, fingerprint="a") as index:
        [result] = index.put([document("clip")])
        assert "is unauthorized for API key" in (result.error or "")
        with pytest.raises(SearchAccessError, match="does not permit this"):
            index.count()


def test_an_api_key_that_was_revoked_is_refused_and_not_shown(
    secured_node: Node, alias: str, keyed: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with secured_node.client() as client:
        client.security.invalidate_api_key(name=alias)
    with pytest.raises(SearchAccessError, match="refuses the API key: correct ELASTICSEARCH_API_KEY") as caught:
        SearchIndex.from_settings(keyed).count()
    assert keyed.elasticsearch_api_key is not None
    secret = keyed.elasticsearch_api_key.get_secret_value()
    assert secret not in f"{caught.value} {caught.value.__cause__!r} {caplog.text} {keyed!r}"


def test_who_may_read_and_write_this_index_can_do_the_daily_work(
    secured_node: Node, alias: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with open_index(settings, fingerprint="a") as prepared:
        prepared.put(documents(3))
        prepared.promote()
    writer = as_user(secured_node, alias, "writer")
    with open_index(writer, fingerprint="a") as index:
        assert [result.error for result in index.put(documents(20))] == [None] * 20
        prepared.refresh()
        assert index.count() == len(index.ids()) == 20
        assert len(index.find_similar("clip_0000")) == 10
        assert index.promote().live
        assert index.delete(["clip_0001"]) == 1
    assert "does not tell this user its version; it must be 9.1 or newer" in caplog.text


def test_who_may_read_and_write_only_can_index_and_search(secured_node: Node, alias: str, settings: Settings) -> None:
    with open_index(settings, fingerprint="a") as prepared:
        prepared.put(documents(3))
        prepared.promote()
    writer = as_user(secured_node, alias, "reader_and_writer")
    with open_index(writer, fingerprint="a") as index:
        assert [result.error for result in index.put(documents(20))] == [None] * 20
    prepared.refresh()
    reader = SearchIndex.from_settings(writer)
    assert len(list(reader.get_all_embeddings())) == 20
    assert len(reader.find_similar("clip_0000")) == 10


def test_who_may_manage_these_indices_can_do_everything(secured_node: Node, alias: str, settings: Settings) -> None:
    keeper = as_user(secured_node, alias, "keeper")
    with open_index(keeper, fingerprint="a") as old:
        old.put(documents(5))
        assert old.promote().live
    with open_index(keeper, fingerprint="b") as new:
        new.put(documents(5))
        assert new.promote().live
        assert new.prune() == [old.version, old.moments.version]
        assert [version.documents for version in new.status().versions] == [5]


def test_who_may_only_read_cannot_write(secured_node: Node, alias: str, settings: Settings) -> None:
    with open_index(settings, fingerprint="a") as prepared:
        prepared.put(documents(3))
        prepared.promote()
    reader = as_user(secured_node, alias, "reader")
    assert len(SearchIndex.from_settings(reader).find_similar("clip_0000")) == 2
    with (
        open_index(reader, fingerprint="a") as index,
        pytest.raises(SearchAccessError, match=r"does not permit this, see docs/elasticsearch.md: .* unauthorized"),
    ):
        index.put([document("clip")])
    with open_index(reader, fingerprint="another") as index, pytest.raises(SearchAccessError):
        index.put([document("clip")])
