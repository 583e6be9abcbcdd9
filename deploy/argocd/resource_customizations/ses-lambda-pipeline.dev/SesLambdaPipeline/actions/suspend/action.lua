-- With selfHeal, Argo CD takes this back at once, unless the Application ignores /spec/suspend.
obj.spec.suspend = true
return obj
