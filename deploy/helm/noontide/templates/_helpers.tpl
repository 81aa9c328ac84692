{{- define "noontide.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "noontide.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "noontide.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "noontide.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "noontide.selector" -}}
app.kubernetes.io/name: {{ include "noontide.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "noontide.labels" -}}
{{ include "noontide.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "noontide.pod" -}}
metadata:
  labels:
    {{- include "noontide.selector" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "noontide.fullname" . }}
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: noontide
      image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      env:
        - name: NOONTIDE_TOKEN
          valueFrom:
            secretKeyRef:
              name: {{ .Values.token.secret }}
              key: {{ .Values.token.key }}
        # The image asks for the folder `online`; a ConfigMap has no folders, and all of it is for here.
        - name: NOONTIDE_ENV
          value: local
        # As people call this host among others.
        - name: NOONTIDE__HOST__NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        # This folder is the volume's; whoever can open the socket in it has been let into the pod.
        - name: NOONTIDE__DATA__DIR
          value: /data/noontide
        {{- if ne .Values.database.kind "sqlite" }}
        - name: NOONTIDE__LEDGER__URL
          valueFrom:
            secretKeyRef:
              name: {{ .Values.database.secret }}
              key: {{ .Values.database.key }}
        {{- end }}
        {{- with .Values.env }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with .Values.envFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - name: http
          containerPort: 7878
      # Compiling plugins comes before anything answers: five minutes of it are possible.
      startupProbe:
        httpGet: { path: /livez, port: http }
        periodSeconds: 5
        failureThreshold: 60
      # Red when the scheduler's loop is stuck, and not when the database is away: that is nobody's to restart.
      livenessProbe:
        httpGet: { path: /livez, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /readyz, port: http }
        periodSeconds: 10
        timeoutSeconds: 5
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - name: data
          mountPath: /data
        # The whole folder: a file mounted alone delivers no changes.
        - name: conf
          mountPath: /conf
          readOnly: true
        {{- if .Values.plugins }}
        - name: plugins
          mountPath: /plugins
        {{- end }}
  volumes:
    - name: conf
      configMap:
        name: {{ include "noontide.fullname" . }}
    {{- with .Values.plugins }}
    - name: plugins
      {{- toYaml . | nindent 6 }}
    {{- end }}
    {{- if ne .Values.database.kind "sqlite" }}
    # Compiled plugins and the socket: gone with the pod, and made again.
    - name: data
      emptyDir: {}
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.topologySpreadConstraints }}
  topologySpreadConstraints:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
