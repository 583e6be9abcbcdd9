local suspended = obj.spec ~= nil and obj.spec.suspend == true

local actions = {}
actions["reconcile"] = { ["disabled"] = suspended, ["displayName"] = "Compare with AWS now" }
actions["suspend"] = { ["disabled"] = suspended, ["displayName"] = "Suspend" }
actions["resume"] = { ["disabled"] = not suspended, ["displayName"] = "Resume" }
return actions
