{{- define "chatelier.name" -}}
{{- printf "%s-%s" .root.Release.Name .component | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "chatelier.selector" -}}
app.kubernetes.io/name: chatelier
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "chatelier.labels" -}}
{{ include "chatelier.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "chatelier.podAnnotations" -}}
checksum/settings: {{ include (print .root.Template.BasePath "/settings.yaml") .root | sha256sum }}
{{- with .root.Values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Whether any worker has models of its own. */}}
{{- define "chatelier.modelQueues" -}}
{{- range .Values.workers }}{{ if .models }}true{{ end }}{{ end -}}
{{- end -}}

{{- define "chatelier.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "chatelier.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- define "chatelier.image" -}}
{{- printf "%s:%s" .image.repository (.image.tag | default .root.Chart.AppVersion) -}}
{{- end -}}

{{/* Settings of one process: variables of secrets, the shared settings, then its own. */}}
{{- define "chatelier.environment" -}}
envFrom:
  - configMapRef: {name: {{ .root.Release.Name }}-settings}
  - secretRef: {name: {{ .root.Values.secrets.shared }}}
  {{- with .secret }}
  - secretRef: {name: {{ . }}}
  {{- end }}
{{- $words := and .root.Values.webModerators (not (hasKey (.settings | default dict) "CHATELIER_WEB__MODERATOR_INVITE")) }}
{{- if or .settings .fixed $words }}
env:
  {{- if and $words .acceptsWords }}
  - name: CHATELIER_WEB__MODERATOR_INVITE
    valueFrom:
      secretKeyRef: {name: {{ .secret }}, key: CHATELIER_WEB__MODERATOR_INVITE}
  {{- else if $words }}
  # That there is such a word, not the word: only the web front end lets in whoever types it.
  - {name: CHATELIER_WEB__MODERATOR_INVITE, value: set}
  {{- end }}
  {{- range $name, $value := .fixed }}
  {{- if not (hasKey ($.settings | default dict) $name) }}
  - {name: {{ $name }}, value: {{ $value | toString | quote }}}
  {{- end }}
  {{- end }}
  {{- range $name, $value := .settings }}
  - {name: {{ $name }}, value: {{ $value | toString | quote }}}
  {{- end }}
{{- end }}
{{- end -}}

{{/* A process that hangs stops writing FILE.alive and is restarted; one that waits for a service is only not ready. */}}
{{- define "chatelier.probes" -}}
startupProbe:
  exec: {command: [test, -s, /tmp/ready.alive]}
  periodSeconds: 10
  failureThreshold: {{ .startTries }}
livenessProbe:
  exec: {command: [sh, -c, 'test -n "$(find /tmp/ready.alive -mmin -1)"']}
  periodSeconds: 20
  timeoutSeconds: 10
  failureThreshold: 3
{{- end -}}

{{- define "chatelier.mounts" -}}
- {name: home, mountPath: /var/lib/chatelier}
- {name: tmp, mountPath: /tmp}
{{- if .root.Values.models }}
- {name: catalogue, mountPath: /var/lib/chatelier/models.toml, subPath: models.toml, readOnly: true}
{{- end }}
{{- if .root.Values.secrets.files }}
- {name: files, mountPath: /etc/chatelier/files, readOnly: true}
{{- end }}
{{- end -}}

{{- define "chatelier.volumes" -}}
{{- if not .persistent }}
- name: home
  emptyDir: {}
{{- end }}
- name: tmp
  emptyDir: {}
{{- if .root.Values.models }}
- name: catalogue
  configMap: {name: {{ .root.Release.Name }}-models}
{{- end }}
{{- with .root.Values.secrets.files }}
- name: files
  secret: {secretName: {{ . }}}
{{- end }}
{{- end -}}

{{/* What is the same in every pod, at the level of its spec. */}}
{{- define "chatelier.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .root.Values.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- with .root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext: {{ include "chatelier.podSecurity" . | nindent 2 }}
{{- end -}}

{{- define "chatelier.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{ include "chatelier.selector" . | nindent 8 }}
{{- end -}}

{{- define "chatelier.metricsArguments" -}}
{{- if .Values.metrics.enabled }}, --metrics, "0.0.0.0:{{ .Values.metrics.port }}"{{ end -}}
{{- end -}}

{{- define "chatelier.metricsPort" -}}
{{- if .Values.metrics.enabled }}
- {name: metrics, containerPort: {{ .Values.metrics.port }}}
{{- end }}
{{- end -}}
