"""Settings of Metaflow that programs read, with Muster's values."""

DEFAULT_DATASTORE = DEFAULT_METADATA = "local"


def __getattr__(name):
    if name == "DATASTORE_SYSROOT_LOCAL":
        from muster.client.store import Store
        return Store().root
    raise AttributeError(f"module 'metaflow.metaflow_config' has no setting '{name}' under Muster, whose own are in `muster --help`")
