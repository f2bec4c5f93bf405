"""State is there again after a clean stop and start on the same folder."""

from pathlib import Path

from local.cloud import start_cloud
from local.home import Home


def test_objects_items_messages_and_roles_are_there_when_it_starts_again(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    first = start_cloud(home)
    first.wait_until_ready()
    first.aws.client("s3").create_bucket(Bucket="kept")
    first.aws.client("s3").put_object(Bucket="kept", Key="k", Body=b"v")
    url = first.aws.client("sqs").create_queue(QueueName="kept")["QueueUrl"]
    first.aws.client("sqs").send_message(QueueUrl=url, MessageBody="m")
    first.aws.client("iam").create_role(RoleName="kept", AssumeRolePolicyDocument="{}")
    first.stop()

    again = start_cloud(home)
    again.wait_until_ready()
    try:
        stored = again.aws.client("s3").get_object(Bucket="kept", Key="k")["Body"].read()
        queued = again.aws.client("sqs").receive_message(QueueUrl=url)["Messages"]
        role = again.aws.client("iam").get_role(RoleName="kept")["Role"]
    finally:
        again.stop()
        home.empty_scratch()

    assert again.port == first.port
    assert stored == b"v"
    assert [message["Body"] for message in queued] == ["m"]
    assert role["RoleName"] == "kept"
