"""The contract of hubs, passed by the one in memory."""

from arkitekt_di.testing.rekuest import TaskHubContract


class TestInMemoryTaskHub(TaskHubContract):
    pass
