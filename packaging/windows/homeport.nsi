; The installer for one user: no administrator, nothing outside that user's folders and registry.
;
; It ends what runs from the folder before it changes a file there, politely first. Settings, the
; remembered ports and the logs stay, unless the second part of the uninstaller is chosen or /PURGE
; is given. /S asks nothing.
;
; It is built by `packaging`, which puts everything beside this file and defines VERSION, OUTPUT and
; KIBIBYTES.

Unicode true
Target amd64-unicode
SetCompressor /SOLID lzma
SetDateSave off ; the same files, the same installer
RequestExecutionLevel user
ManifestDPIAware true

!include MUI2.nsh
!include FileFunc.nsh
!include LogicLib.nsh
!include Sections.nsh

!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Homeport"
!define RUN "Software\Microsoft\Windows\CurrentVersion\Run"
!define APPROVED "Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"

Name "Homeport ${VERSION}"
OutFile "${OUTPUT}"
InstallDir "$LOCALAPPDATA\Programs\Homeport"
InstallDirRegKey HKCU "${UNINSTALL}" "InstallLocation"

VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "Homeport"
VIAddVersionKey "ProductVersion" "${VERSION}"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "FileDescription" "Installer of Homeport"
VIAddVersionKey "LegalCopyright" "Homeport contributors"

!define MUI_ICON "homeport.ico"
!define MUI_UNICON "homeport.ico"
!define MUI_FINISHPAGE_RUN "$INSTDIR\launcher.exe"
!define MUI_FINISHPAGE_RUN_TEXT "Start Homeport"

!insertmacro MUI_PAGE_DIRECTORY
!insertmacro MUI_PAGE_INSTFILES
!insertmacro MUI_PAGE_FINISH
!insertmacro MUI_UNPAGE_COMPONENTS
!insertmacro MUI_UNPAGE_INSTFILES
!insertmacro MUI_LANGUAGE "English"

; Ends every process of the program $9 in the folder, and waits for its end. Another program of that
; name elsewhere is a stranger and stays.
!macro END_PROCESSES un
Function ${un}EndProcesses
  System::Call 'kernel32::CreateToolhelp32Snapshot(i 2, i 0) p .r1' ; 2: of processes
  System::Alloc 568 ; PROCESSENTRY32W, which begins with its size
  Pop $2
  System::Call '*$2(i 568)'
  System::Call 'kernel32::Process32FirstW(p r1, p r2) i .r0'
  ${While} $0 <> 0
    System::Call '*$2(i, i, i .r3)' ; the process id
    ; May be asked for its file, waited for and ended.
    System::Call 'kernel32::OpenProcess(i 0x101001, i 0, i r3) p .r4'
    ${If} $4 P<> 0
      System::Call 'kernel32::QueryFullProcessImageNameW(p r4, i 0, w .r5, *i ${NSIS_MAX_STRLEN}) i .r6'
      ${If} $6 <> 0
      ${AndIf} $5 == "$INSTDIR\$9"
        System::Call 'kernel32::TerminateProcess(p r4, i 1)'
        System::Call 'kernel32::WaitForSingleObject(p r4, i 10000)'
      ${EndIf}
      System::Call 'kernel32::CloseHandle(p r4)'
    ${EndIf}
    System::Call 'kernel32::Process32NextW(p r1, p r2) i .r0'
  ${EndWhile}
  System::Free $2
  System::Call 'kernel32::CloseHandle(p r1)'
FunctionEnd

; Asks every launcher to end its server and itself. Each running app has a file in the folder `run`.
; What does not listen, or was started without a launcher, is then ended.
Function ${un}StopAll
  IfFileExists "$INSTDIR\launcher.exe" 0 done
  ReadEnvStr $8 HOMEPORT_HOME
  ${If} $8 == ""
    StrCpy $8 "$LOCALAPPDATA\homeport\state"
  ${EndIf}
  FindFirst $7 $6 "$8\run\*.json"
  ${DoUntil} $6 == ""
    StrCpy $6 $6 -5 ; without .json it is the name of the app
    DetailPrint "Stopping $6"
    nsExec::Exec /TIMEOUT=30000 '"$INSTDIR\launcher.exe" stop --app "$6"'
    Pop $5
    FindNext $7 $6
  ${Loop}
  FindClose $7
  StrCpy $9 "launcher.exe" ; first, or it would start its server again
  Call ${un}EndProcesses
  StrCpy $9 "server.exe"
  Call ${un}EndProcesses
done:
FunctionEnd
!macroend
!insertmacro END_PROCESSES ""
!insertmacro END_PROCESSES "un."

Section "Homeport"
  Call StopAll
  SetOutPath "$INSTDIR"
  File launcher.exe
  File server.exe
  File README.txt
  File LICENSE.txt
  File homeport.ico
  CreateShortcut "$SMPROGRAMS\Homeport.lnk" "$INSTDIR\launcher.exe" "" "$INSTDIR\homeport.ico"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayName" "Homeport"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${UNINSTALL}" "DisplayIcon" "$INSTDIR\homeport.ico"
  WriteRegStr HKCU "${UNINSTALL}" "Publisher" "Homeport contributors"
  WriteRegStr HKCU "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKCU "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKCU "${UNINSTALL}" "EstimatedSize" ${KIBIBYTES}
  WriteRegDWORD HKCU "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${UNINSTALL}" "NoRepair" 1
SectionEnd

Section "un.Homeport"
  SectionIn RO
  Call un.StopAll
  Call un.ForgetLogin
  Delete "$SMPROGRAMS\Homeport.lnk"
  Delete "$INSTDIR\launcher.exe"
  Delete "$INSTDIR\server.exe"
  Delete "$INSTDIR\README.txt"
  Delete "$INSTDIR\LICENSE.txt"
  Delete "$INSTDIR\homeport.ico"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR" ; stays if it has other files
  DeleteRegKey HKCU "${UNINSTALL}"
SectionEnd

Section /o "un.Settings, remembered ports and logs" PURGE
  RMDir /r "$APPDATA\homeport" ; the settings
  RMDir /r "$LOCALAPPDATA\homeport" ; the rest
SectionEnd

Function un.onInit
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/PURGE" $1
  ${IfNot} ${Errors}
    !insertmacro SelectSection ${PURGE}
  ${EndIf}
FunctionEnd

; Removes whatever starts our launcher at login, under whichever name.
Function un.ForgetLogin
  StrLen $3 "$INSTDIR\launcher.exe"
  StrCpy $0 0
  ${Do}
    EnumRegValue $1 HKCU "${RUN}" $0
    ${If} $1 == ""
      ${ExitDo}
    ${EndIf}
    ReadRegStr $2 HKCU "${RUN}" $1
    StrCpy $4 $2 1
    ${If} $4 == '"'
      StrCpy $2 $2 "" 1
    ${EndIf}
    StrCpy $2 $2 $3
    ${If} $2 == "$INSTDIR\launcher.exe"
      DeleteRegValue HKCU "${RUN}" $1
      DeleteRegValue HKCU "${APPROVED}" $1 ; whether the person has switched it off
    ${Else}
      IntOp $0 $0 + 1
    ${EndIf}
  ${Loop}
FunctionEnd
