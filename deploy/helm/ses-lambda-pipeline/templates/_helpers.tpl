{{/* The name of everything: that of the release, which says the chart's name once. */}}
{{- define "slp.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{ .Release.Name | trunc 53 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 53 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{- define "slp.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "slp.name" .) }}
{{- end -}}

{{/* Two releases take turns only when they are told to. */}}
{{- define "slp.lease" -}}
{{ index .Values.settings "lease-name" | default (include "slp.name" .) }}
{{- end -}}

{{/* The pods of this release, and of no other in the namespace. */}}
{{- define "slp.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* As it was written: numbers of a file are all fractions to Helm, which shortens 3000000 to 3e+06. */}}
{{- define "slp.value" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- end -}}

{{- define "slp.labels" -}}
{{ include "slp.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "slp.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* What no schema can say in a sentence. */}}
{{- define "slp.check" -}}
{{- with .Values.aws -}}
{{- if and (eq .credentials "irsa") (not .roleArn) -}}
{{- fail "aws.roleArn is missing: with aws.credentials=irsa it is the ARN of the controller's role." -}}
{{- end -}}
{{- if and (ne .credentials "irsa") .roleArn -}}
{{- fail (printf "aws.roleArn is for aws.credentials=irsa; with %s it would do nothing. With podIdentity the role is named in the association on AWS." .credentials) -}}
{{- end -}}
{{- if and (eq .credentials "secret") (not .secretName) -}}
{{- fail "aws.secretName is missing: with aws.credentials=secret it is the name of a Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY." -}}
{{- end -}}
{{- if and (ne .credentials "secret") .secretName -}}
{{- fail (printf "aws.secretName is for aws.credentials=secret; with %s it would do nothing." .credentials) -}}
{{- end -}}
{{- end -}}
{{- if and (gt (int .Values.replicaCount) 1) (eq (toString (index .Values.settings "leader-elect")) "false") -}}
{{- fail "settings.leader-elect=false needs replicaCount=1: without the Lease every replica would write." -}}
{{- end -}}
{{- end -}}
