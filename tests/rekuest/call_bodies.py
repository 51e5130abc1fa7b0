"""A caller in a process of its own: calls what another process serves, and sees that one killed."""

import os
import signal
import sys
import time

from arkitekt_di import call, easy, iterate, submit
from arkitekt_di.errors import AgentLostError, RemoteError

if __name__ == "__main__":
    with easy("caller"):
        print(call("add", 1), list(iterate("squares", n=4)))
        try:
            call("refuse", "needle")
        except RemoteError as error:
            print(error.kind, error.message)
        task = submit("willing")
        while not task.has_started:
            time.sleep(0.01)
        os.kill(int(sys.argv[1]), signal.SIGKILL)
        killed = time.monotonic()
        try:
            task.result()
        except AgentLostError as error:
            print("lost", error.started, time.monotonic() - killed < 10)
