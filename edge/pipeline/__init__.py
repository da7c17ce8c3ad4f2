"""The stages in order: a frame goes in, verdicts and anomalies come out, and verdicts are acted on."""
