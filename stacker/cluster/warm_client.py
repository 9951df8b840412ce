"""What stands in for `python` where a warm one waits: `warm_client.py <socket> <the real python> <its arguments>`.

It hands its arguments, environment, folder and standard streams to the server, and ends as what the server began for it
ends. All but stages the real Python does. It uses Python's own library alone, so that it starts in a moment.
"""

import json
import os
import signal
import socket
import sys


def main(address: str, python: str, arguments: list[str]) -> None:
    is_ours = arguments[:1] == ["-m"] and arguments[1:2] != [] and arguments[1].startswith("stages.")
    with socket.socket(socket.AF_UNIX) as line:
        try:
            if not is_ours:
                raise OSError
            line.connect(address)
        except OSError:
            os.execv(python, [python, *arguments])  # noqa: S606 - what the command asked for
        folder = os.getcwd()  # noqa: PTH109 - pathlib takes longer to import than all else here
        asked = json.dumps({"arguments": arguments[1:], "environment": dict(os.environ), "folder": folder}).encode()
        socket.send_fds(line, [len(asked).to_bytes(8, "big")], [0, 1, 2])
        line.sendall(asked)
        answer = line.recv(16)
    end_as(int(answer) if answer else -signal.SIGKILL)


def end_as(code: int) -> None:
    """End with an exit status, or by the signal whose negative it is."""
    if code >= 0:
        os._exit(code)
    if -code != signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
