#!/usr/bin/env python3
"""dbt, started once and asked many times.

  tests/oracle/dbt_server.py SOCKET        answers on SOCKET until its standard input ends

Importing dbt takes seconds; a fork of a process that has done it takes none. The client beside this file (`dbt`) sends
its arguments, environment, folder and three descriptors; a fork of this process becomes that invocation, through dbt's
own `dbt.cli.main:cli`, and its exit code goes back. Run it with the Python that has dbt (.deps/venv/oracle).
"""
import array
import gc
import json
import os
import select
import signal
import socket
import sys
import tempfile
import time

import dotenv


def import_dbt():
    import dbt.adapters.duckdb  # noqa: F401
    import dbt.adapters.postgres  # noqa: F401
    import dbt.cli.main
    import dbt.task.build  # noqa: F401
    import dbt.task.docs.generate  # noqa: F401
    import dbt.task.freshness  # noqa: F401
    import dbt.tests.util  # noqa: F401
    import duckdb  # noqa: F401
    return dbt.cli.main.cli


def warm_up():
    """Parses a project once, so that what dbt keeps in memory between invocations (compiled templates above all) is there
    in every fork. `dbtRunner` is dbt's own way to invoke it more than once in a process."""
    from dbt.cli.main import dbtRunner

    with tempfile.TemporaryDirectory() as folder:
        files = {
            "dbt_project.yml": "name: warm\nversion: '1.0'\nprofile: warm\n",
            "profiles.yml": "warm: {target: dev, outputs: {dev: {type: duckdb, path: ':memory:'}}}\n",
        }
        for name, text in files.items():
            with open(os.path.join(folder, name), "w") as file:
                file.write(text)
        dbtRunner().invoke(["--quiet", "parse", "--project-dir", folder, "--profiles-dir", folder])


def read_request(connection):
    """-> (request, [stdin, stdout, stderr])"""
    descriptors = array.array("i")
    data, ancillary, _, _ = connection.recvmsg(1 << 20, socket.CMSG_SPACE(3 * descriptors.itemsize))
    for level, kind, payload in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(payload[: len(payload) - len(payload) % descriptors.itemsize])
    while not data.endswith(b"\n"):
        more = connection.recv(1 << 20)
        if not more:
            break
        data += more
    return json.loads(data), list(descriptors)


def become(cli, request, descriptors):
    """In the fork: be `dbt ARGUMENTS` of the client; does not return."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.chdir(request["folder"])
    dotenv.load_dotenv(dotenv.find_dotenv(usecwd=True), override=False)  # what importing dbt would have done here
    sys.argv = ["dbt", *request["arguments"]]
    code = 0
    try:
        cli(prog_name="dbt")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else (0 if end.code is None else 1)
    except BaseException:  # what the interpreter would do with it
        sys.excepthook(*sys.exc_info())
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def serve(path):
    cli = import_dbt()
    warm_up()
    gc.freeze()  # what is here is shared with every fork, and no fork lives long enough to have to collect
    gc.disable()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(16)
    running = {}  # pid -> connection
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [], 0.01 if running else None)
        if sys.stdin in ready and not os.read(0, 1):
            return
        if listener in ready:
            connection, _ = listener.accept()
            request, descriptors = read_request(connection)
            pid = os.fork()
            if pid == 0:
                become(cli, request, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            running[pid] = connection
        while running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            running.pop(pid).sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    serve(sys.argv[1])
