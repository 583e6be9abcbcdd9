"""What runs in the process of a Python function: loads the handler and speaks the Lambda Runtime API.

Behaves as Lambda's own Python runtimes do, in the words they use, and knows nothing but its environment variables.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html
"""

import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback

RUNTIME_API = os.environ["AWS_LAMBDA_RUNTIME_API"]
TASK_ROOT = os.environ["LAMBDA_TASK_ROOT"]
HANDLER = os.environ["_HANDLER"]
JSON_LOGS = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"

current_request_id = None


class RuntimeFault(Exception):
    """A failure that the runtime names, rather than the handler's own exception."""

    def __init__(self, error_type, message, frames=()):
        super().__init__(message)
        self.error_type = error_type
        self.frames = list(frames)


class Context:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    identity = None
    client_context = None

    def __init__(self, headers):
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(self._deadline_ms - int(time.time() * 1000), 0)


class LogHandler(logging.Handler):
    """One event a record: a line break inside it travels as a carriage return."""

    def emit(self, record):
        sys.stdout.write(one_line(self.format(record)))
        sys.stdout.flush()


class TextFormatter(logging.Formatter):
    converter = time.gmtime

    def format(self, record):
        record.aws_request_id = current_request_id
        return super().format(record)


class JsonFormatter(TextFormatter):
    def format(self, record):
        fields = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": current_request_id,
        }
        if record.exc_info:
            error_type, error, trace = record.exc_info
            fields.update(errorType=error_type.__name__, errorMessage=str(error), stackTrace=traceback.format_tb(trace))
        return json.dumps({name: value for name, value in fields.items() if value is not None}, default=str)


def set_up_logging():
    handler = LogHandler()
    text = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
    handler.setFormatter(JsonFormatter() if JSON_LOGS else TextFormatter(text, "%Y-%m-%dT%H:%M:%S"))
    logging.getLogger().addHandler(handler)
    if JSON_LOGS:
        level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO")
        logging.getLogger().setLevel({"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(level, level))


def load_handler():
    if "." not in HANDLER:
        words = f"Bad handler '{HANDLER}': not enough values to unpack (expected 2, got 1)"
        raise RuntimeFault("Runtime.MalformedHandlerName", words)
    module_path, name = HANDLER.rsplit(".", 1)
    try:
        module = importlib.import_module(module_path.replace("/", "."))
    except ImportError as error:
        words = f"Unable to import module '{module_path}': {error}"
        raise RuntimeFault("Runtime.ImportModuleError", words) from None
    except SyntaxError as error:
        words = f"Syntax error in module '{module_path}': {error}"
        frame = f'  File "{error.filename}" Line {error.lineno}\n    {(error.text or "").rstrip()}\n'
        raise RuntimeFault("Runtime.UserCodeSyntaxError", words, [frame]) from None
    found = getattr(module, name, None)
    if found is None:
        raise RuntimeFault("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module_path}'")
    return found


def serve_one(handler):
    global current_request_id
    headers, body = call("GET", "/invocation/next")
    request_id = current_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    os.environ["_X_AMZN_TRACE_ID"] = headers["Lambda-Runtime-Trace-Id"] or ""
    try:
        answer = marshalled(handler(json.loads(body), Context(headers)))
    except Exception as error:
        described = describe(error)
        log_error(described)
        finish_log(request_id)
        call("POST", f"/invocation/{request_id}/error", described)
    else:
        finish_log(request_id)
        call("POST", f"/invocation/{request_id}/response", answer)
    current_request_id = None


def marshalled(result):
    try:
        return json.dumps(result).encode()
    except (TypeError, ValueError) as error:
        raise RuntimeFault("Runtime.MarshalError", f"Unable to marshal response: {error}") from None


def describe(error):
    if isinstance(error, RuntimeFault):
        error_type, frames = error.error_type, error.frames
    else:
        # The first frames are this file's own.
        frames = traceback.format_list([each for each in traceback.extract_tb(error.__traceback__) if each.filename != __file__])
        error_type = type(error).__name__
    return {
        "errorMessage": str(error),
        "errorType": error_type,
        "requestId": current_request_id or "",
        "stackTrace": frames,
    }


def log_error(described):
    if JSON_LOGS:
        fields = {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "log_level": "ERROR", **described}
        text = json.dumps(fields)
    else:
        text = f"[ERROR] {described['errorType']}: {described['errorMessage']}\nTraceback (most recent call last):\n"
        text += "".join(described["stackTrace"])
    sys.stdout.write(one_line(text))
    sys.stdout.flush()


def one_line(text):
    return text.rstrip("\n").replace("\n", "\r") + "\n"


def finish_log(request_id):
    """Tells the sandbox that all output of this request is written: the answer itself may overtake a pipe."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        os.write(stream.fileno(), f"\0end {request_id} {peak_memory_kb()}\n".encode())


def peak_memory_kb():
    try:
        import resource
    except ImportError:  # not on Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 1024 if sys.platform == "darwin" else peak


def call(method, path, body=None):
    connection = http.client.HTTPConnection(RUNTIME_API)
    try:
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, f"/2018-06-01/runtime{path}", content)
        response = connection.getresponse()
        return response.headers, response.read()
    finally:
        connection.close()


def main():
    sys.path[0] = TASK_ROOT  # instead of the folder of this file
    set_up_logging()
    try:
        handler = load_handler()
    except Exception as error:
        described = describe(error)
        log_error(described)
        call("POST", "/init/error", described)
        sys.exit(1)
    while True:
        serve_one(handler)


if __name__ == "__main__":
    main()
