/// Bodies as their senders made them.
enum AlertBodies {
    /// Alertmanager 0.25, as it delivered it.
    static let alertmanager =
        #"{"receiver":"ledger","status":"firing","alerts":[{"status":"firing","labels":{"#
        + #""alertname":"ContainerDown","instance":"127.0.0.1:28693","job":"demo","severity":"critical"},"#
        + #""annotations":{"description":"It is down","summary":"Container down"},"#
        + #""startsAt":"2026-11-25T02:45:00.038Z","endsAt":"0001-01-01T00:00:00Z","#
        + #""generatorURL":"http://vm:27087/graph?g0.expr=demo+%3D%3D+1\u0026g0.tab=1","#
        + #""fingerprint":"b44bfab8362cedb1"}],"groupLabels":{"alertname":"ContainerDown"},"#
        + #""commonLabels":{"alertname":"ContainerDown","instance":"127.0.0.1:28693","job":"demo","#
        + #""severity":"critical"},"commonAnnotations":{"description":"It is down","#
        + #""summary":"Container down"},"externalURL":"http://127.0.0.1:29929","version":"4","#
        + #""groupKey":"{}:{alertname=\"ContainerDown\"}","truncatedAlerts":0}"# + "\n"

    /// The same alert at its end.
    static let alertmanagerResolved =
        alertmanager
        .replacing(#""status":"firing""#, with: #""status":"resolved""#)
        .replacing("0001-01-01T00:00:00Z", with: "2026-11-25T02:45:01.038Z")

    /// Grafana 11: one alert that fires, one of the same group that has ended.
    static let grafana = """
        {
          "receiver": "Ledger",
          "status": "firing",
          "alerts": [
            {
              "status": "firing",
              "labels": {"alertname": "High memory usage", "grafana_folder": "Ops", "team": "blue"},
              "annotations": {"description": "The system has\\r\\n\\thigh memory usage  "},
              "startsAt": "2026-11-25T03:51:03.157076123+02:00",
              "endsAt": "0001-01-01T00:00:00Z",
              "generatorURL": "http://localhost:3200/alerting/grafana/1afz29v7z/view?orgId=1",
              "fingerprint": "c6eadffa33fcdf37",
              "silenceURL": "http://localhost:3200/alerting/silence/new?alertmanager=grafana",
              "dashboardURL": "",
              "panelURL": "",
              "values": {"B": 44.23943737541908, "C": 1},
              "valueString": "[ var='B' labels={} value=44.23943737541908 ], [ var='C' labels={} value=1 ]"
            },
            {
              "status": "resolved",
              "labels": {"alertname": "High CPU usage", "severity": "warning"},
              "annotations": {"summary": "CPU of eu-1"},
              "startsAt": "2026-11-25T01:00:00Z",
              "endsAt": "2026-11-24T20:30:00.5-05:30",
              "generatorURL": "http://localhost:3200/alerting/grafana/d1rdpdv7k/view?orgId=1",
              "fingerprint": "bc97ff14869b13e3",
              "silenceURL": "http://localhost:3200/alerting/silence/new?alertmanager=grafana",
              "dashboardURL": "",
              "panelURL": "",
              "values": null,
              "valueString": ""
            }
          ],
          "groupLabels": {},
          "commonLabels": {"grafana_folder": "Ops"},
          "commonAnnotations": {},
          "externalURL": "http://localhost:3200/",
          "version": "1",
          "groupKey": "{}/{team=\\"blue\\"}:{}",
          "truncatedAlerts": 0,
          "orgId": 1,
          "title": "[FIRING:1, RESOLVED:1]  (High memory usage Ops)",
          "state": "alerting",
          "message": "**Firing**\\n\\nValue: B=44.23943737541908, C=1\\n"
        }
        """

    /// A body with these alerts, each JSON already.
    static func with(_ alerts: [String]) -> String {
        #"{"version":"4","status":"firing","alerts":[\#(alerts.joined(separator: ","))]}"#
    }

    /// An alert that needs nothing else.
    static func alert(_ number: Int, status: String = "firing") -> String {
        #"{"status":"\#(status)","labels":{"alertname":"Flood","n":"\#(number)"},"#
            + #""startsAt":"2026-11-25T00:00:00Z"}"#
    }
}
