"""Sends the bytes of standard input as one mail: send-mail.py PORT SENDER RECIPIENT... [--starttls CA] [--smtputf8]"""

import argparse
import smtplib
import ssl
import sys

arguments = argparse.ArgumentParser()
arguments.add_argument("port", type=int)
arguments.add_argument("sender")
arguments.add_argument("recipients", nargs="+")
arguments.add_argument("--starttls", metavar="CA")
arguments.add_argument("--smtputf8", action="store_true")
wanted = arguments.parse_args()

with smtplib.SMTP("127.0.0.1", wanted.port, local_hostname="python.test", timeout=60) as client:
    if wanted.starttls:
        client.starttls(context=ssl.create_default_context(cafile=wanted.starttls))
    refused = client.sendmail(
        wanted.sender,
        wanted.recipients,
        sys.stdin.buffer.read(),
        mail_options=["SMTPUTF8", "BODY=8BITMIME"] if wanted.smtputf8 else ["BODY=8BITMIME"],
    )
print(*refused)
