"""A caller in a process of its own: calls what another process serves, and sees that one killed."""

import os
import signal
import sys
import threading
import time

from arkitekt_di import call, easy, iterate, submit
from arkitekt_di.errors import AgentLostError, RemoteError

BOUND_S = 120.0

if __name__ == "__main__":
    with easy("caller"):
        print(call("add", 1), list(iterate("squares", n=4)))
        try:
            call("refuse", "needle")
        except RemoteError as error:
            print(error.kind, error.message)
        task = submit("willing")
        started = threading.Event()
        task.on_event.append(lambda _: started.set() if task.has_started else None)
        assert task.has_started or started.wait(BOUND_S)
        os.kill(int(sys.argv[1]), signal.SIGKILL)
        killed = time.monotonic()
        try:
            task.result()
        except AgentLostError as error:
            print("lost", error.started, time.monotonic() - killed < 10)
