"""A module of metaflow-deepspeed: checkpoints in S3 and Azure's blob storage, which Muster does not support."""

raise ImportError(
    "metaflow-deepspeed's hf_callbacks and az_store put checkpoints into S3 and Azure's blob storage, which Muster does not "
    "talk to: have the trainer write into a folder, and keep it with an artifact, or upload it with the cloud's own package")
